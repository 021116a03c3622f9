#include "core/metrics/pick_residual.h"

#include "core/metrics/reference_filters.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numbers>
#include <vector>

using namespace limpid;

namespace {

constexpr std::int64_t side = 768;
constexpr std::int64_t window = 41;

std::vector<PickPosition> grid() {
  std::vector<PickPosition> picks;
  for (int row = 0; row < 10; ++row)
    for (int column = 0; column < 10; ++column)
      picks.push_back({60.0 + 70 * column + 3 * row, 50.0 + 72 * row});
  return picks;
}

// Discs of 8 px radius at the picks, dark as particles are.
Image particles(double contrast) {
  Image image(side, side, 0.0f);
  for (const PickPosition& pick : grid())
    for (std::int64_t y = -8; y <= 8; ++y)
      for (std::int64_t x = -8; x <= 8; ++x)
        if (x * x + y * y <= 64)
          image.at(static_cast<std::int64_t>(pick.x) + x, static_cast<std::int64_t>(pick.y) + y) -=
              static_cast<float>(contrast);
  return image;
}

PickResidual residual(const Image& raw, const Image& denoised) {
  return measure_pick_residual(
      raw, denoised, grid(), random_places(side, side, window, 1000, 1), window);
}

Image gaussian(const Image& image, double sigma_px) {
  std::vector<double> gain;
  for (std::int64_t ring = 0; ring <= side / 2; ++ring) {
    const double argument =
        std::numbers::pi * sigma_px * static_cast<double>(ring) / static_cast<double>(side);
    gain.push_back(std::exp(-2 * argument * argument));
  }
  return filter_rings(image, gain);
}

}  // namespace

TEST_CASE("pick residual: noise alone is no particle, although it lies at the picks") {
  const Image truth = particles(0.5);
  const Image raw = sum_of(truth, noise_image(side, side, 1, 5));
  const PickResidual found = residual(raw, truth);
  CHECK(found.pick_count == 100);
  CHECK(std::abs(found.sigmas) < 4);
  CHECK(std::abs(found.fraction) < 0.1);
}

TEST_CASE("pick residual: a too strong Gaussian leaves particles in what it removes") {
  const Image raw = sum_of(particles(0.5), noise_image(side, side, 1, 5));
  const PickResidual strong = residual(raw, gaussian(raw, 12));
  CHECK(strong.sigmas > 10);
  CHECK(strong.fraction > 0.5);
  const PickResidual mild = residual(raw, gaussian(raw, 1));
  CHECK(mild.fraction < 0.15);  // of the sharp edge
}

TEST_CASE("pick residual: half of the contrast removed is one half") {
  const Image truth = particles(0.5);
  const Image raw = sum_of(truth, noise_image(side, side, 0.5, 5));
  CHECK(residual(raw, linear_map(truth, 0.5, 0)).fraction == Approx(0.5).margin(0.05));
}

TEST_CASE("pick residual: without particles at the picks there is no fraction") {
  const Image raw = noise_image(side, side, 1, 7);
  const PickResidual found = residual(raw, gaussian(raw, 3));
  CHECK(std::isnan(found.fraction));
  CHECK(std::abs(found.sigmas) < 4);
}

TEST_CASE("pick residual: places near the edge and elsewhere are left out, few are refused") {
  const std::vector<PickPosition> places = {
      {10, 300}, {300, 300}, {-1e30, 3}, {std::nan(""), 3}, {747, 747}, {748, 747}};
  const auto inside = places_inside(places, side, side, window);
  REQUIRE(inside.size() == 2);
  CHECK(inside[1].x == 747);
  const Image raw = noise_image(side, side, 1, 7);
  CHECK_THROWS_WITH(
      measure_pick_residual(raw, raw, inside, random_places(side, side, window, 9, 1), window),
      ContainsSubstring("2 picks"));
  WindowMean mean(window);
  mean.add(raw, inside[0]);
  CHECK(mean.mean().at(20, 20) == raw.at(300, 300));
}
