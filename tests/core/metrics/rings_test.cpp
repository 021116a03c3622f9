#include "core/metrics/rings.h"

#include "core/base/parallel.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <cmath>
#include <numeric>

using namespace limpid;

namespace {

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

TEST_CASE("rings: frequencies go to the nearest ring, the corners to the last") {
  const Rings rings(64, 100);
  CHECK(rings.count() == 32);
  CHECK(rings.index(0, 0) == 0);
  CHECK(rings.index(1.0 / 64, 0) == 1);
  CHECK(rings.index(0.49 / 64, 0) == 0);
  CHECK(rings.index(0.51 / 64, 0) == 1);
  CHECK(rings.index(0.3, 0.4) == 32);
  CHECK(rings.index(0.5, 0.5) == 32);
  CHECK(rings.frequency(16) == 0.25);
}

TEST_CASE("rings: every frequency of the whole plane counts once, and power is Parseval's") {
  for (const auto& [width, height] :
       {std::pair<int, int>{64, 64}, {53, 101}, {1, 9}, {8, 1}, {2, 2}, {1, 1}, {2, 30}}) {
    const Image a = noise_image(width, height, 1, 1);
    const Spectrum spectrum = centred_transform(a, Taper::none);
    const RingSums sums = measure_ring_sums(spectrum, spectrum);
    const double pixels = static_cast<double>(a.pixel_count());
    CAPTURE(width, height);
    CHECK(total(sums.modes) == pixels);
    double mean = 0, squares = 0;
    for (const float pixel : a.pixels())
      mean += pixel / pixels;
    for (const float pixel : a.pixels())
      squares += (pixel - mean) * (pixel - mean);
    CHECK(total(sums.power_a) == Approx(squares * pixels).epsilon(1e-5).margin(1e-9));
    CHECK(total(sums.cross) == Approx(squares * pixels).epsilon(1e-5).margin(1e-9));
  }
}

TEST_CASE("rings: a wave has its power in its ring, on either axis") {
  for (const bool vertical : {false, true}) {
    Image wave(96, 96);
    for (std::int64_t y = 0; y < 96; ++y)
      for (std::int64_t x = 0; x < 96; ++x)
        wave.at(x, y) = static_cast<float>(
            std::cos(2 * 3.14159265358979 * 12 / 96 * static_cast<double>(vertical ? y : x)));
    const Spectrum spectrum = centred_transform(wave, Taper::none);
    const RingSums sums = measure_ring_sums(spectrum, spectrum);
    // Two frequencies, each |N / 2|^2.
    CHECK(sums.power_a[12] == Approx(2 * std::pow(96.0 * 96 / 2, 2)).epsilon(1e-5));
    CHECK(total(sums.power_a) == Approx(sums.power_a[12]).epsilon(1e-5));
  }
}

TEST_CASE("rings: sums do not depend on the number of threads") {
  const Spectrum a = centred_transform(noise_image(301, 257, 1, 2), Taper::hann);
  const Spectrum b = centred_transform(noise_image(301, 257, 1, 3), Taper::hann);
  const int threads_before = thread_count();
  set_thread_count(1);
  const RingSums one = measure_ring_sums(a, b);
  set_thread_count(7);
  const RingSums seven = measure_ring_sums(a, b);
  set_thread_count(threads_before);
  CHECK(one.cross == seven.cross);
  CHECK(one.power_b == seven.power_b);
}

TEST_CASE("rings: gains multiply the amplitude of their ring alone") {
  Spectrum spectrum = centred_transform(noise_image(40, 40, 1, 4), Taper::none);
  const RingSums before = measure_ring_sums(spectrum, spectrum);
  std::vector<double> gain(before.modes.size(), 1.0);
  gain[7] = 3;
  gain.back() = 0;
  multiply_rings(spectrum, gain);
  const RingSums after = measure_ring_sums(spectrum, spectrum);
  CHECK(after.power_a[7] == Approx(9 * before.power_a[7]).epsilon(1e-6));
  CHECK(after.power_a[8] == before.power_a[8]);
  CHECK(after.power_a.back() == 0);
}
