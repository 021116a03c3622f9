#include "plugin/cli/memory_size.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

using namespace limpid;

TEST_CASE("memory size: numbers with and without a unit") {
  CHECK(parse_memory_size("1") == 1);
  CHECK(parse_memory_size("800k") == 800 * 1024);
  CHECK(parse_memory_size("512M") == 512u << 20);
  CHECK(parse_memory_size("4G") == 4ull << 30);
  CHECK(parse_memory_size("4GB") == 4ull << 30);
  CHECK(parse_memory_size("4gib") == 4ull << 30);
  CHECK(parse_memory_size("1.5T") == 3ull << 39);
}

TEST_CASE("memory size: what is no amount is refused and named") {
  for (const char* text : {"",
                           "G",
                           "four",
                           "-1G",
                           "0",
                           "0.1",
                           "nan",
                           "inf",
                           "4Q",
                           "4KM",
                           "4 G b",
                           "4G!",
                           "1e30",
                           "9999999999T"}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_memory_size(text), ContainsSubstring(std::string("'") + text + "'"));
    CHECK_THROWS_AS(parse_memory_size(text), Error);
  }
}
