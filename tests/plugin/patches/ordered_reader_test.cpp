#include "plugin/patches/ordered_reader.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <atomic>
#include <thread>

using namespace limpid;

TEST_CASE("ordered reader: results come in order whatever finishes first") {
  for (const int threads : {1, 3, 8}) {
    OrderedReader<std::int64_t> reader(50, threads, [](std::int64_t index) {
      if (index % 3 == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return 2 * index;
    });
    for (std::int64_t i = 0; i < 50; ++i)
      CHECK(reader.next() == 2 * i);
  }
}

TEST_CASE("ordered reader: no more than one result a thread is ahead") {
  std::atomic<std::int64_t> begun = 0;
  OrderedReader<int> reader(100, 4, [&](std::int64_t) {
    ++begun;
    return 0;
  });
  for (std::int64_t taken = 1; taken <= 20; ++taken) {
    reader.next();
    CHECK(begun <= taken + 4);
  }
}

TEST_CASE("ordered reader: a failure comes at its place, and leaving early ends the threads") {
  OrderedReader<int> reader(10, 3, [](std::int64_t index) -> int {
    if (index == 2)
      fail(ErrorKind::input, "number 2");
    return 7;
  });
  CHECK(reader.next() == 7);
  CHECK(reader.next() == 7);
  CHECK_THROWS_AS(reader.next(), Error);
}
