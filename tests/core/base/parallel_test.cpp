#include "core/base/parallel.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <atomic>
#include <vector>

using namespace limpid;

TEST_CASE("parallel_for: every index is visited once for any thread count") {
  for (const int threads : {1, 2, 7}) {
    set_thread_count(threads);
    std::vector<std::atomic<int>> visits(1000);
    parallel_for(1000, 3, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        ++visits[static_cast<std::size_t>(i)];
    });
    bool once = true;
    for (const auto& count : visits)
      once = once && count == 1;
    CHECK(once);
  }
  set_thread_count(0);
}

TEST_CASE("parallel_for: an exception reaches the caller") {
  CHECK_THROWS_WITH(parallel_for(100,
                                 1,
                                 [](std::int64_t begin, std::int64_t) {
                                   if (begin >= 50)
                                     fail(ErrorKind::input, "bad row");
                                 }),
                    "bad row");
}

TEST_CASE("parallel_for: nothing to do is no work") {
  parallel_for(0, 1, [](std::int64_t, std::int64_t) { FAIL("called"); });
}
