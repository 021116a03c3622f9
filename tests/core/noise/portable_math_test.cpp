#include "core/noise/portable_math.h"

#include "core/noise/poisson_gaussian.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace limpid;

TEST_CASE("portable math: the logarithm agrees with the library over all normal numbers") {
  double largest = 0;
  for (std::uint32_t bits = 0x00800000u; bits < 0x7f800000u; bits += 1009) {
    const float value = float_from_bits(bits);
    const double expected = std::log(static_cast<double>(value));
    largest = std::max(largest, std::abs(portable_log(value) - expected) / std::abs(expected));
  }
  // 1.5 units in the last place of float32.
  CHECK(largest < 2e-7);
  CHECK(portable_log(1.0f) == 0.0f);
}

TEST_CASE("portable math: the exponential agrees with the library and saturates") {
  double largest = 0;
  for (int i = -870000; i <= 880000; ++i) {
    const float value = static_cast<float>(i) * 1e-4f;
    if (value < -87.0f || value > 88.0f)
      continue;
    const double expected = std::exp(static_cast<double>(value));
    largest = std::max(largest, std::abs(portable_exp(value) - expected) / expected);
  }
  CHECK(largest < 2e-7);
  CHECK(portable_exp(0.0f) == 1.0f);
  CHECK(portable_exp(-88.0f) == 0.0f);
  CHECK(std::isinf(portable_exp(89.0f)));
}

TEST_CASE("portable math: floor goes down for negative numbers") {
  CHECK(portable_floor(2.75f) == 2);
  CHECK(portable_floor(-2.75f) == -3);
  CHECK(portable_floor(-2.0f) == -2);
  CHECK(portable_floor(-1e-6f) == -1);
  CHECK(portable_floor(-1e8f) == -100000000);
}

TEST_CASE("portable math: the normal quantile inverts the distribution function") {
  double largest = 0;
  for (int i = 0; i <= 32000; ++i) {
    const float p = std::ldexp(1.0f + static_cast<float>(i % 1000) / 1000.0f, -33 + i / 1000);
    if (p > 0.5f)
      continue;
    const double z = normal_quantile(p);
    double exact = z;
    for (int step = 0; step < 4; ++step) {
      const double distribution = 0.5 * std::erfc(-exact / std::numbers::sqrt2);
      const double density = std::exp(-exact * exact / 2) / std::sqrt(2 * std::numbers::pi);
      exact -= (distribution - p) / density;
    }
    largest = std::max(largest, std::abs(z - exact) / std::max(1.0, std::abs(exact)));
  }
  // PPND7 promises 1 part in 10^7 in exact arithmetic; float32 adds its rounding.
  CHECK(largest < 1e-6);
  CHECK(normal_quantile(0.5f) == 0.0f);
}

TEST_CASE("portable math: the saddle-point form gives the logarithm of Poisson probabilities") {
  for (const double mean : {10.0, 12.5, 37.0, 1000.0, 65536.0}) {
    double largest = 0;
    for (double z = -6; z <= 6; z += 0.01) {
      const double k = std::floor(mean + z * std::sqrt(mean));
      if (k < 1)
        continue;
      const double expected = k * std::log(mean) - mean - std::lgamma(k + 1);
      const float k32 = static_cast<float>(k);
      const float mean32 = static_cast<float>(mean);
      const double actual = -poisson_deviance(k32, mean32, k32 - mean32) - stirling_error(k32) -
                            0.5 * std::log(2 * std::numbers::pi * k);
      largest = std::max(largest, std::abs(actual - expected));
    }
    // Six standard deviations out D is about 20, so a few roundings of 1e-7 of it.
    CHECK(largest < 1e-5);
  }
}
