#include "core/tensor/data_type.h"

#include "tests/support/catch.h"

#include <cmath>
#include <limits>

using limpid::BFloat16;

TEST_CASE("bfloat16: rounds to nearest, ties to even") {
  CHECK(static_cast<float>(BFloat16(1.0f)) == 1.0f);
  CHECK(BFloat16(1.0f + 1.0f / 256).bits == 0x3f80);  // a tie goes to the even neighbour
  CHECK(BFloat16(1.0f + 3.0f / 256).bits == 0x3f82);  // a tie goes to the even neighbour
  CHECK(BFloat16(1.0f + 1.1f / 256).bits == 0x3f81);
  CHECK(static_cast<float>(BFloat16(-3.0e38f)) == Approx(-3.0e38f).epsilon(0.01));
}

TEST_CASE("bfloat16: infinities and NaN survive") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(static_cast<float>(BFloat16(infinity)) == infinity);
  CHECK(std::isnan(static_cast<float>(BFloat16(std::numeric_limits<float>::quiet_NaN()))));
  CHECK(std::isinf(static_cast<float>(BFloat16(std::numeric_limits<float>::max()))));
}
