#include "core/infer/micrograph_denoiser.h"

#include "core/base/random.h"
#include "core/image/fourier.h"
#include "core/image/statistics.h"
#include "core/infer/working_grid.h"
#include "tests/support/backends.h"
#include "tests/support/captured_log.h"
#include "tests/support/identity_model.h"
#include "tests/support/small_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

using namespace limpid;
using namespace limpid::test;

namespace {

// Blobs of 12 pixels on a gradient: nothing beyond a tenth of the sampling frequency.
Image smooth_image(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const auto u = static_cast<double>(x), v = static_cast<double>(y);
      double value = 1000 + 0.5 * u - 0.2 * v;
      for (const auto& [cx, cy] : {std::pair{20.0, 31.0}, {61.0, 18.0}, {44.5, 52.25}})
        value -= 90 * std::exp(-((u - cx) * (u - cx) + (v - cy) * (v - cy)) / 72);
      image.at(x, y) = static_cast<float>(value);
    }
  return image;
}

Image noise(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  RandomSequence random(21, 0);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(40 + 5 * random.normal());
  return image;
}

// Squared amplitude between two frequencies, over that of the reference; the mean is left out.
double power_ratio(const Image& image, const Image& reference, double from, double to) {
  const Spectrum a = fourier_transform(image), b = fourier_transform(reference);
  double power = 0, reference_power = 0;
  for (std::int64_t y = 0; y < a.height(); ++y)
    for (std::int64_t x = 0; x < a.width(); ++x) {
      const double frequency = std::hypot(a.frequency_x(x), a.frequency_y(y));
      if (frequency <= from || frequency > to)
        continue;
      power += static_cast<double>(std::norm(a.at(x, y)));
      reference_power += static_cast<double>(std::norm(b.at(x, y)));
    }
  return power / reference_power;
}

double largest_difference(const Image& a, const Image& b, std::int64_t margin) {
  double largest = 0;
  for (std::int64_t y = margin; y < a.height() - margin; ++y)
    for (std::int64_t x = margin; x < a.width() - margin; ++x)
      largest = std::max(largest, std::abs(static_cast<double>(a.at(x, y) - b.at(x, y))));
  return largest;
}

bool same_bits(const Image& a, const Image& b) {
  return std::equal(a.pixels().begin(), a.pixels().end(), b.pixels().begin(), b.pixels().end());
}

struct Fixture {
  std::unique_ptr<Backend> backend = make_backend({.kind = DeviceKind::cpu});
  MicrographDenoiser identity(const MicrographDenoiserOptions& options = {}) const {
    return {*backend, identity_model(), {}, options};
  }
};

}  // namespace

TEST_CASE("working grid: only pixels outside the range get another size, near its closest end") {
  ModelDescription model = identity_model().description;
  CHECK_FALSE(working_pixel_size(model, 0.5));
  CHECK_FALSE(working_pixel_size(model, 0.495));
  CHECK_FALSE(working_pixel_size(model, 1.3));
  CHECK_FALSE(working_pixel_size(model, 2.52));
  CHECK(working_pixel_size(model, 0.4).value() == Approx(0.6));
  CHECK(working_pixel_size(model, 2.6).value() == Approx(2.5 / 1.2));
  CHECK(working_pixel_size(model, 4).value() == Approx(2.5 / 1.2));
  model.smallest_pixel_size_angstrom = 2.4;
  CHECK(working_pixel_size(model, 1).value() == Approx(std::sqrt(6.0)));
  CHECK(working_pixel_size(model, 4).value() == Approx(std::sqrt(6.0)));
  model.largest_pixel_size_angstrom = std::nullopt;
  CHECK_FALSE(working_pixel_size(model, 4));
}

TEST_CASE_METHOD(Fixture,
                 "micrograph denoiser: the identity gives smooth images back at any pixel size") {
  for (const auto& [width, height] : {std::pair<std::int64_t, std::int64_t>{84, 77}, {101, 74}})
    for (const double pixel_size : {0.2, 0.4, 2.6, 4.0}) {
      CAPTURE(width, height, pixel_size);
      const Image image = smooth_image(width, height);
      Image result = image;
      const auto report = identity().denoise(result, pixel_size);
      REQUIRE(result.width() == width);
      REQUIRE(result.height() == height);
      CHECK(report.working_pixel_size_angstrom.value() == Approx(pixel_size < 1 ? 0.6 : 2.5 / 1.2));
      // A shift by a tenth of a pixel would change the flanks of the blobs by 0.9. At the edges the
      // reflected gradient has a crease, which a coarser grid rounds off: by less than a pixel of
      // it.
      CHECK(largest_difference(result, image, 0) < 0.5);
      CHECK(largest_difference(result, image, 10) < 0.05);
      CHECK(measure_statistics(result).mean ==
            Approx(measure_statistics(image).mean).epsilon(1e-5));
    }
}

TEST_CASE_METHOD(
    Fixture, "micrograph denoiser: small pixels keep what the coarser grid holds, and no more") {
  const Image image = noise(180, 151);
  Image result = image;
  identity().denoise(result, 0.3);  // worked on at 0.6 A: the last frequency is a quarter
  CHECK(power_ratio(result, image, 0, 0.22) == Approx(1).epsilon(0.02));
  CHECK(power_ratio(result, image, 0.37, 0.71) < 0.01);  // 0.354 on the diagonal
  CHECK(measure_statistics(result).mean == Approx(40).epsilon(1e-2));
}

TEST_CASE_METHOD(Fixture, "micrograph denoiser: large pixels keep every frequency") {
  const Image image = noise(90, 111);
  Image result = image;
  identity().denoise(result, 4.0);
  CHECK(largest_difference(result, image, 0) < 0.02);
}

TEST_CASE_METHOD(Fixture,
                 "micrograph denoiser: a known or unknown pixel size gives the bytes of Denoiser") {
  const Model model = small_model();
  const Image image = noise(120, 90);
  Image expected = image;
  Denoiser(*backend, model, {}).denoise(expected);
  MicrographDenoiser denoiser(*backend, model, {}, {});
  for (const std::optional<double> pixel_size :
       {std::optional<double>(), std::optional(0.5), std::optional(1.7), std::optional(2.5)}) {
    Image result = image;
    CHECK_FALSE(denoiser.denoise(result, pixel_size).working_pixel_size_angstrom);
    CHECK(same_bits(result, expected));
  }
  MicrographDenoiser without(*backend, model, {}, {.resample = false});
  Image result = image;
  CHECK_FALSE(without.denoise(result, 4.0).working_pixel_size_angstrom);
  CHECK(same_bits(result, expected));
}

TEST_CASE_METHOD(
    Fixture, "micrograph denoiser: pixels that cannot be meant are not resampled, with a warning") {
  for (const double pixel_size : {1e-10, 0.05, 30.0}) {
    CapturedLog log;
    Image result = smooth_image(84, 77);
    CHECK_FALSE(identity().denoise(result, pixel_size).working_pixel_size_angstrom);
    CHECK_THAT(log.warnings(), ContainsSubstring("too far"));
  }
}

TEST_CASE_METHOD(Fixture, "micrograph denoiser: small and narrow images keep their size") {
  for (const auto& [width, height] :
       {std::pair<std::int64_t, std::int64_t>{2, 3}, {1, 40}, {33, 1}})
    for (const double pixel_size : {0.1, 0.4, 4.0}) {
      Image image = noise(width, height);
      identity().denoise(image, pixel_size);
      CHECK(image.width() == width);
      CHECK(image.height() == height);
    }
}

TEST_CASE_METHOD(Fixture,
                 "micrograph denoiser: broken pixels neither spread nor shift the grey scale") {
  const Image image = smooth_image(90, 80);
  Image broken = image;
  broken.at(40, 40) = std::numeric_limits<float>::quiet_NaN();
  broken.at(70, 60) = 1e6f;
  const auto report = identity().denoise(broken, 4.0);
  CHECK(report.denoiser.repaired_count == 1);
  // The hot pixel is clipped to 6 sigma before anything is transformed; beside it, it rings.
  const auto difference = [&](std::int64_t x, std::int64_t y) {
    return std::abs(broken.at(x, y) - image.at(x, y));
  };
  CHECK(difference(40, 40) < 1);
  CHECK(difference(20, 20) < 1);
  CHECK(difference(70, 60) < 300);
}

TEST_CASE_METHOD(Fixture,
                 "micrograph denoiser: beyond the crossover the raw frequencies are kept") {
  // A model that makes noise of everything, so that what is kept shows.
  const Model model = small_model();
  const Image image = noise(200, 170);
  for (const double pixel_size : {1.0, 0.3, 4.0}) {
    CAPTURE(pixel_size);
    Image plain = image, kept = image;
    MicrographDenoiser(*backend, model, {}, {}).denoise(plain, pixel_size);
    MicrographDenoiser(*backend, model, {}, {.keep_high_resolution_angstrom = pixel_size * 5})
        .denoise(kept, pixel_size);
    Image from_plain = kept, from_raw = kept;
    for (std::size_t i = 0; i < kept.pixels().size(); ++i) {
      from_plain.pixels()[i] -= plain.pixels()[i];
      from_raw.pixels()[i] -= image.pixels()[i];
    }
    // The crossover is at 0.2, its slope from 0.18 to 0.22.
    CHECK(power_ratio(from_plain, image, 0, 0.17) < 1e-2);
    CHECK(power_ratio(from_raw, image, 0.23, 0.71) < 1e-2);
    CHECK(power_ratio(from_raw, image, 0, 0.17) > 0.1);
  }
}

TEST_CASE_METHOD(Fixture, "micrograph denoiser: keeping frequencies needs a pixel size") {
  Image image = noise(64, 64);
  CHECK_THROWS_WITH(identity({.keep_high_resolution_angstrom = 8}).denoise(image, std::nullopt),
                    ContainsSubstring("pixel size is not known"));
}
