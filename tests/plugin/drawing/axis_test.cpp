#include "plugin/drawing/axis.h"

#include "tests/support/catch.h"

#include <cmath>
#include <limits>

using namespace limpid;

namespace {

std::vector<std::string> labels(const AxisRange& range, std::size_t count) {
  std::vector<std::string> texts;
  for (const AxisTick& tick : choose_ticks(range, count))
    texts.push_back(tick.label);
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("axis: linear ticks are round and labelled with as many digits as they need") {
  CHECK(labels({0, 1, false}, 5) == Texts{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(labels({-7, 12, false}, 4) == Texts{"-5", "0", "5", "10"});
  CHECK(labels({0.998, 1.0023, false}, 5) == Texts{"0.998", "0.999", "1.000", "1.001", "1.002"});
  CHECK(labels({0, 4e6, false}, 2) == Texts{"0", "2e+06", "4e+06"});
}

TEST_CASE("axis: logarithmic ticks are powers of ten") {
  CHECK(labels({0.001, 100, true}, 6) == Texts{"0.001", "0.01", "0.1", "1", "10", "100"});
  CHECK(labels({0.5, 30, true}, 6) == Texts{"0.5", "1", "2", "5", "10", "20"});
  CHECK(labels({1e-8, 1e9, true}, 3) == Texts{"10\u207b\u2076", "10\u2070", "10\u2076"});
  CHECK(labels({0.3, 0.95, true}, 4) == Texts{"0.4", "0.6", "0.8"});
}

TEST_CASE("axis: a fitted range holds all values that have a place") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const AxisRange linear = fit_range({}, {2, nan, 7, infinity});
  CHECK(linear.low < 2);
  CHECK(linear.low > 1.5);
  CHECK(linear.high > 7);
  CHECK(linear.high < 7.5);
  CHECK(std::isnan(linear.fraction(nan)));

  const AxisRange logarithmic = fit_range({.is_logarithmic = true}, {0, -3, 0.1, 1000});
  CHECK(logarithmic.low > 0.05);
  CHECK(logarithmic.low < 0.1);
  CHECK(logarithmic.high > 1000);
  CHECK(std::isnan(logarithmic.fraction(0)));
  CHECK(logarithmic.fraction(10) == Approx(0.5));
}

TEST_CASE("axis: given ends stay, and equal or missing values still give a range") {
  const AxisRange given = fit_range({.low = 0.0, .high = 4.0}, {-5, 9});
  CHECK(given.low == 0);
  CHECK(given.high == 4);
  CHECK(given.fraction(1) == Approx(0.25));
  for (const bool is_logarithmic : {false, true})
    for (const auto& values : {std::vector<double>{}, std::vector<double>{3, 3}}) {
      const AxisRange range = fit_range({.is_logarithmic = is_logarithmic}, values);
      CHECK(range.high > range.low);
      CHECK(std::isfinite(range.fraction(3)));
    }
  const AxisRange below = fit_range({.is_logarithmic = true, .low = 1e-3}, {1e-30, 1e-31});
  CHECK(below.low == Approx(1e-3));
  CHECK(below.high > below.low);
}
