#include "core/metrics/shared_noise.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/training_pairs.h"

#include <cmath>
#include <functional>

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr std::int64_t side = 256;

struct Halves {
  Image even;
  Image odd;
};

// What happens to the halves of a micrograph.
using Fault = std::function<void(Halves&)>;

Halves clean_halves(std::uint64_t micrograph) {
  const Image signal = smooth_image(side, side, micrograph);
  return {with_noise(signal, 4.0f, 100 + micrograph), with_noise(signal, 4.0f, 200 + micrograph)};
}

SharedNoise test_halves(const Fault& fault, std::uint64_t count = 3, double pixel_size = 1.0) {
  SharedNoiseTest test(pixel_size);
  for (std::uint64_t i = 0; i < count; ++i) {
    Halves halves = clean_halves(i);
    fault(halves);
    test.add({halves.even, halves.odd});
  }
  return test.result();
}

void add(Image& image, const Image& other, float factor) {
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    image.pixels()[i] += factor * other.pixels()[i];
}

void scale(Image& image, float factor) {
  for (float& value : image.pixels())
    value *= factor;
}

// The value of every pixel between those of two neighbours.
void interpolate(Image& image) {
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x + 1 < side; ++x)
      image.at(x, y) = 0.5f * (image.at(x, y) + image.at(x + 1, y));
}

void add_hot_pixels(Image& image) {
  for (std::int64_t i = 0; i < 200; ++i)
    image.at((i * 37 + 11) % side, (i * 101 + 5) % side) += 1000.0f;
}

const Fault no_fault = [](Halves&) {};
const Fault fixed_pattern = [](Halves& halves) {
  const Image pattern = with_noise(Image(side, side), 1.0f, 9);
  add(halves.even, pattern, 1.0f);
  add(halves.odd, pattern, 1.0f);
};
const Fault shared_frames = [](Halves& halves) {
  const Image even = halves.even;
  add(halves.even, halves.odd, 0.15f);
  add(halves.odd, even, 0.15f);
};

}  // namespace

TEST_CASE("shared noise: halves with noise of their own are independent") {
  for (const double pixel_size : {0.5, 1.0, 1.8, 3.0})
    CHECK(test_halves(no_fault, 3, pixel_size).is_independent());
  CHECK(test_halves(no_fault, 1).is_independent());
  CHECK(test_halves([](Halves& halves) {
          interpolate(halves.even);
          interpolate(halves.odd);
        }).is_independent());
  CHECK(test_halves([](Halves& halves) {
          scale(halves.odd, 0.1f);
          add(halves.odd, Image(side, side, 50.0f), 1.0f);
        }).is_independent());
  const SharedNoise none = SharedNoiseTest(1.0).result();
  CHECK(none.is_independent());
  CHECK(!none.within.is_measured());
}

TEST_CASE("shared noise: a pattern of the detector is found, also where signal fills all rings") {
  for (const double pixel_size : {1.0, 3.0}) {
    const SharedNoise found = test_halves(fixed_pattern, 3, pixel_size);
    CHECK(found.has_fixed_pattern);
    CHECK(!found.shares_frames);
    CHECK(!found.has_hot_pixels);
    CHECK(found.across.value == Approx(1.0 / 17).margin(0.02));
    CHECK(found.within.is_measured() == (pixel_size < 2));
  }
}

TEST_CASE("shared noise: a gain reference that is slightly wrong shows in many micrographs") {
  constexpr std::int64_t size = 400;
  constexpr float electrons = 17;
  constexpr float error = 0.015f;
  const auto result = [&](bool is_wrong) {
    const Image gain = with_noise(Image(size, size, 1.0f), is_wrong ? error : 0.0f, 3);
    SharedNoiseTest test(1.06);
    for (std::uint64_t i = 0; i < 12; ++i) {
      Halves halves{with_noise(Image(size, size, electrons), std::sqrt(electrons), 300 + i),
                    with_noise(Image(size, size, electrons), std::sqrt(electrons), 400 + i)};
      for (Image* half : {&halves.even, &halves.odd})
        for (std::size_t k = 0; k < half->pixels().size(); ++k)
          half->pixels()[k] *= gain.pixels()[k];
      test.add({halves.even, halves.odd});
    }
    return test.result();
  };
  const SharedNoise right = result(false);
  CHECK(right.is_independent());
  CHECK(std::abs(right.across.value) < 4 * right.across.standard_error);
  const SharedNoise wrong = result(true);
  CHECK(wrong.has_fixed_pattern);
  CHECK(!wrong.shares_frames);
  CHECK(wrong.across.value ==
        Approx(static_cast<double>(error * error * electrons)).margin(4 * 0.00055));
  CHECK(wrong.across.standard_error == Approx(0.00055).epsilon(0.1));
}

TEST_CASE("shared noise: the error of correlations across micrographs is what it says") {
  // Of independent noise, values divided by their error have a variance of 1.
  double squares = 0;
  constexpr int repeats = 96;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    SharedNoiseTest test(1.0);
    for (std::uint64_t i = 0; i < 4; ++i) {
      const auto seed = 1000 + 8 * static_cast<std::uint64_t>(repeat) + 2 * i;
      test.add({with_noise(Image(64, 64), 1.0f, seed), with_noise(Image(64, 64), 1.0f, seed + 1)});
    }
    const NoiseCorrelation across = test.result().across;
    squares += std::pow(across.value / across.standard_error, 2);
  }
  // Within 3 standard deviations, sqrt(2 / 96), of the estimate.
  CHECK(squares / repeats == Approx(1).margin(3 * std::sqrt(2.0 / repeats)));
}

TEST_CASE("shared noise: frames in both halves are told from a pattern by other micrographs") {
  const SharedNoise found = test_halves(shared_frames);
  CHECK(found.shares_frames);
  CHECK(!found.has_fixed_pattern);
  const SharedNoise single = test_halves(shared_frames, 1);
  CHECK(single.is_unexplained);
  CHECK(!single.is_independent());
  const SharedNoise both = test_halves([](Halves& halves) {
    shared_frames(halves);
    fixed_pattern(halves);
  });
  CHECK(both.shares_frames);
  CHECK(both.has_fixed_pattern);
}

TEST_CASE("shared noise: hot pixels are named, and nothing else") {
  const SharedNoise found = test_halves([](Halves& halves) {
    add_hot_pixels(halves.even);
    add_hot_pixels(halves.odd);
  });
  CHECK(found.has_hot_pixels);
  CHECK(found.common_outlier_fraction == Approx(200.0 / (side * side)).epsilon(0.1));
  CHECK(!found.has_fixed_pattern);
  CHECK(!found.shares_frames);
  CHECK(!found.cleaned.is_shared_noise());
}

TEST_CASE("shared noise: the same image twice, and a sum beside one of its halves") {
  for (const double pixel_size : {1.0, 3.0}) {
    CHECK(
        test_halves([](Halves& halves) { halves.odd = halves.even; }, 2, pixel_size).is_same_image);
    for (const float factor : {1.0f, 0.5f}) {
      const SharedNoise found = test_halves(
          [&](Halves& halves) {
            add(halves.even, halves.odd, 1.0f);
            scale(halves.even, factor);
          },
          2,
          pixel_size);
      CHECK(found.is_half_of_other);
      CHECK(!found.is_same_image);
    }
  }
}

TEST_CASE("shared noise: halves of different size are an error") {
  SharedNoiseTest test(1.0);
  const Image a = with_noise(Image(64, 64), 1.0f, 1), b = with_noise(Image(64, 65), 1.0f, 1);
  CHECK_THROWS_AS(test.add({a, b}), Error);
}
