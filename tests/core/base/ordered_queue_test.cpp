#include "core/base/ordered_queue.h"

#include "core/base/error.h"
#include "core/base/recycler.h"
#include "tests/support/catch.h"

#include <thread>
#include <vector>

using namespace limpid;

TEST_CASE("ordered queue: items come in the order of their numbers") {
  OrderedQueue<int> queue;
  std::thread producer([&] {
    for (const int number : {2, 0, 3, 1})
      queue.put(number, 10 * number);
  });
  for (int number = 0; number < 4; ++number)
    CHECK(queue.take(number) == 10 * number);
  producer.join();
  CHECK_FALSE(queue.take(4, [] { return true; }).has_value());
  queue.close();
  CHECK_FALSE(queue.take(4).has_value());
}

TEST_CASE("ordered queue: a failure reaches the one who waits") {
  OrderedQueue<int> queue;
  std::thread producer([&] {
    queue.close(std::make_exception_ptr(Error(ErrorKind::input, "broken")));
    queue.close();
  });
  CHECK_THROWS_WITH(queue.take(0), "broken");
  producer.join();
}

TEST_CASE("recycler: objects come back with their content, and no others are made") {
  Recycler<std::vector<int>> recycler(1);
  const auto* first = [&] {
    const auto object = recycler.take();
    object->push_back(7);
    return object.get();
  }();
  auto again = recycler.take();
  CHECK(again.get() == first);
  CHECK(again->size() == 1);
  bool got_none = false;
  std::thread waiting([&] { got_none = recycler.take() == nullptr; });
  recycler.close();
  waiting.join();
  CHECK(got_none);
  again.reset();
}
