#include "core/simulate/poisson.h"

#include "tests/support/catch.h"

#include <cmath>
#include <vector>

using namespace limpid;

TEST_CASE("poisson: counts follow the distribution on both sides of the change of method") {
  for (const double mean : {0.2, 1.0, 3.0, 9.9, 10.1, 25.0}) {
    CAPTURE(mean);
    RandomSequence random(5, static_cast<std::uint64_t>(10 * mean));
    constexpr int draws = 200000;
    std::vector<double> seen(200, 0.0);
    for (int i = 0; i < draws; ++i)
      seen[static_cast<std::size_t>(draw_poisson(mean, random))] += 1;
    double chi_square = 0;
    int classes = 0;
    double probability = std::exp(-mean);
    for (std::size_t k = 0; k < seen.size(); ++k) {
      if (k > 0)
        probability *= mean / static_cast<double>(k);
      const double expected = draws * probability;
      if (expected < 10)
        continue;
      chi_square += (seen[k] - expected) * (seen[k] - expected) / expected;
      ++classes;
    }
    // Mean `classes`, standard deviation sqrt(2 classes): five of them.
    CHECK(chi_square < classes + 5 * std::sqrt(2.0 * classes));
  }
}

TEST_CASE("poisson: large means have their mean and variance") {
  for (const double mean : {300.0, 1e4, 1e6}) {
    RandomSequence random(6, 1);
    constexpr int draws = 50000;
    double sum = 0;
    double square_sum = 0;
    for (int i = 0; i < draws; ++i) {
      const double deviation = static_cast<double>(draw_poisson(mean, random)) - mean;
      sum += deviation;
      square_sum += deviation * deviation;
    }
    CHECK(std::abs(sum / draws) < 5 * std::sqrt(mean / draws));
    CHECK(square_sum / draws == Approx(mean).epsilon(5 * std::sqrt(2.0 / draws)));
  }
}

TEST_CASE("poisson: a mean that is not positive gives no counts") {
  RandomSequence random(1, 1);
  CHECK(draw_poisson(0, random) == 0);
  CHECK(draw_poisson(-3, random) == 0);
  CHECK(draw_poisson(std::nan(""), random) == 0);
}
