#include "core/image/running_statistics.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <cmath>
#include <limits>
#include <vector>

using limpid::RandomSequence;
using limpid::RunningStatistics;

TEST_CASE("running_statistics: equal the two-pass formulas in long double, in any pieces") {
  RandomSequence random(3, 0);
  for (const std::size_t size : {1u, 2u, 15u, 16u, 17u, 1000u}) {
    std::vector<float> values(size);
    for (float& value : values)
      value = static_cast<float>(1e6 + random.normal());  // a large offset
    long double mean = 0;
    for (const float value : values)
      mean += static_cast<long double>(value) / static_cast<long double>(size);
    long double variance = 0;
    for (const float value : values)
      variance += (static_cast<long double>(value) - mean) *
                  (static_cast<long double>(value) - mean) / static_cast<long double>(size);
    for (const std::size_t piece : {1u, 7u, 300u, 1000u}) {
      RunningStatistics statistics;
      for (std::size_t begin = 0; begin < size; begin += piece)
        statistics +=
            RunningStatistics(std::span(values).subspan(begin, std::min(piece, size - begin)));
      CHECK(statistics.count() == static_cast<std::int64_t>(size));
      CHECK(statistics.minimum() == *std::min_element(values.begin(), values.end()));
      CHECK(statistics.maximum() == *std::max_element(values.begin(), values.end()));
      // Sums of 1000 values in double keep 13 digits.
      CHECK(statistics.mean() == Approx(static_cast<double>(mean)).epsilon(1e-13));
      CHECK(statistics.standard_deviation() ==
            Approx(static_cast<double>(std::sqrt(variance))).epsilon(1e-9).margin(1e-9));
    }
  }
}

TEST_CASE("running_statistics: a NaN or an infinity is noticed wherever it stands") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()})
    for (std::size_t position = 0; position < 40; ++position) {
      std::vector<float> values(40, 1.0f);
      CHECK(RunningStatistics(values).non_finite_count() == 0);
      values[position] = bad;
      RunningStatistics statistics{std::vector<float>{1.0f}};
      statistics += RunningStatistics(values);
      CHECK(statistics.non_finite_count() == 1);
      CHECK(statistics.mean() == 1);
      CHECK(statistics.count() == 40);
    }
}
