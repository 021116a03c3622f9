#include "core/base/growing_pool.h"

#include "tests/support/catch.h"

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace limpid;

TEST_CASE("growing pool: what was given back is taken before another is made") {
  GrowingPool<int> pool(2);
  int made = 0;
  const auto make = [&] { return std::make_unique<int>(++made); };
  auto first = pool.take(make);
  CHECK(*first == 1);
  const auto second = pool.take(make);
  CHECK(*second == 2);
  first.reset();
  CHECK(*pool.take(make) == 1);
  CHECK(made == 2);
}

TEST_CASE("growing pool: many threads have no more than there may be, made one at a time") {
  GrowingPool<int> pool(3);
  std::atomic<int> made = 0, making = 0, used = 0;
  std::atomic<bool> is_wrong = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int turn = 0; turn < 50; ++turn) {
        const auto object = pool.take([&] {
          if (++making > 1)
            is_wrong = true;
          std::this_thread::yield();
          --making;
          return std::make_unique<int>(++made);
        });
        if (++used > 3)
          is_wrong = true;
        std::this_thread::yield();
        --used;
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  CHECK_FALSE(is_wrong);
  CHECK(made >= 1);
  CHECK(made <= 3);
}

TEST_CASE("growing pool: what could not be made can be tried again; objects outlive the pool") {
  std::shared_ptr<int> object;
  {
    GrowingPool<int> pool(1);
    CHECK_THROWS_AS(pool.take([]() -> std::unique_ptr<int> { throw std::runtime_error("no"); }),
                    std::runtime_error);
    object = pool.take([] { return std::make_unique<int>(7); });
  }
  CHECK(*object == 7);
}
