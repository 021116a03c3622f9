#include "core/base/error.h"

#include "core/base/checked_math.h"
#include "tests/support/catch.h"

#include <vector>

using namespace limpid;

TEST_CASE("error: context is put in front and the kind is kept") {
  try {
    with_context("denoising 'a.mrc'",
                 [] { fail(ErrorKind::model, "mode {} is not supported", 7); });
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::model);
    CHECK(std::string(error.what()) == "denoising 'a.mrc': mode 7 is not supported");
  }
}

TEST_CASE("error: a foreign exception gains context and becomes an internal error") {
  try {
    with_context("training", [] { std::vector<int>().at(3); });
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
    CHECK_THAT(error.what(), ContainsSubstring("training: "));
  }
}

TEST_CASE("error: with_context returns what the action returns") {
  CHECK(with_context("adding", [] { return 2 + 3; }) == 5);
}

TEST_CASE("checked_math: products and sums beyond 64 bits are refused") {
  CHECK(checked_multiply(1u << 31, 1u << 31) == 1ull << 62);
  CHECK_THROWS_AS(checked_multiply(1ull << 33, 1ull << 33), Error);
  CHECK_THROWS_AS(checked_add(~0ull, 1), Error);
  CHECK(round_up(7420, 32) == 7424);
  CHECK(round_up(7424, 32) == 7424);
}
