#include "core/image/intensity.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/image/statistics.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace limpid;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

Image normal_image(double mean, double sigma, std::int64_t side = 400) {
  Image image(side, side);
  RandomSequence random(17, 0);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(mean + sigma * random.normal());
  return image;
}

Image counting_frame(double ones_fraction) {
  Image image(500, 500);
  RandomSequence random(18, 0);
  for (float& pixel : image.pixels())
    pixel = random.uniform() < ones_fraction ? 1.0f : 0.0f;
  return image;
}

Image mapped(const Image& image, double factor, double offset) {
  Image result = image;
  for (float& pixel : result.pixels())
    pixel = static_cast<float>(factor * pixel + offset);
  return result;
}

void add_hot_pixels(Image& image, double fraction, double value) {
  const auto step = static_cast<std::size_t>(1 / fraction);
  for (std::size_t i = 0; i < image.pixels().size(); i += step)
    image.pixels()[i] = static_cast<float>(value);
}

}  // namespace

TEST_CASE("intensity: clean normal noise is measured as it is") {
  const Image image = normal_image(5, 2);
  const ImageStatistics statistics = measure_statistics(image);
  const IntensityScale scale = measure_intensity_scale(image);
  CHECK(scale.mean == statistics.mean);
  CHECK(scale.sigma == statistics.sigma);
  CHECK(scale.clip_low == Approx(scale.mean - 6 * scale.sigma));
  CHECK(scale.clip_high == Approx(scale.mean + 6 * scale.sigma));
}

TEST_CASE("intensity: half a percent of hot pixels at 1000 sigma changes nothing") {
  Image image = normal_image(5, 2);
  const IntensityScale before = measure_intensity_scale(image);
  add_hot_pixels(image, 0.005, 5 + 2 * 1000);
  const IntensityScale scale = measure_intensity_scale(image);
  // 0.5 % fewer normal pixels: both change within their standard error of sigma / 400.
  CHECK(scale.mean == Approx(before.mean).margin(5 * 2.0 / 400));
  CHECK(scale.sigma == Approx(before.sigma).margin(5 * 2.0 / 400));
  normalize(image, scale);
  CHECK(measure_statistics(image).maximum == Approx(6).epsilon(1e-5));
}

TEST_CASE("intensity: the plain scale is of all pixels and clips nothing") {
  Image image = normal_image(30, 2, 100);
  image.at(3, 4) = 1030;
  const IntensityScale scale = measure_plain_scale(image);
  CHECK(scale.mean == Approx(30.1).margin(0.1));
  CHECK(scale.sigma == Approx(std::sqrt(4 + 1e6 / 1e4)).epsilon(0.02));
  normalize(image, scale);
  CHECK(image.at(3, 4) == Approx((1030 - scale.mean) / scale.sigma));
  CHECK_THROWS_AS(measure_plain_scale(Image(8, 8, 3.0f)), Error);
}

TEST_CASE("intensity: hot pixels of many strengths and one absurd value are left out") {
  Image image = normal_image(0, 1);
  for (int decade = 1; decade <= 8; ++decade)
    for (std::size_t i = 0; i < 100; ++i)
      image.pixels()[static_cast<std::size_t>(decade) * 10000 + i * 7] =
          static_cast<float>(std::pow(10.0, decade));
  image.pixels()[5] = 3e38f;
  const IntensityScale scale = measure_intensity_scale(image);
  CHECK(scale.mean == Approx(0).margin(0.02));
  CHECK(scale.sigma == Approx(1).epsilon(0.02));
}

TEST_CASE("intensity: the scale follows a linear change of the image") {
  Image image = normal_image(5, 2);
  add_hot_pixels(image, 0.002, 400);
  const IntensityScale scale = measure_intensity_scale(image);
  for (const auto& [factor, offset] : {std::pair{3.0, -40.0},
                                       {-1.0, 0.0},
                                       {-0.01, 7.0},
                                       {1e-20, 0.0},
                                       {1e20, 0.0},
                                       {1e20, 1e21},
                                       {1.0, 1000.0}}) {
    const IntensityScale result = measure_intensity_scale(mapped(image, factor, offset));
    CAPTURE(factor, offset);
    // float32 keeps 24 bits of the mapped pixels, offset included.
    const double rounding = 1e-6 * (std::abs(offset) + std::abs(factor) * 10);
    CHECK(result.mean == Approx(factor * scale.mean + offset).margin(rounding));
    CHECK(result.sigma == Approx(std::abs(factor) * scale.sigma).margin(rounding));
    const double low = factor * (factor > 0 ? scale.clip_low : scale.clip_high) + offset;
    const double high = factor * (factor > 0 ? scale.clip_high : scale.clip_low) + offset;
    CHECK(result.clip_low == Approx(low).margin(6 * rounding));
    CHECK(result.clip_high == Approx(high).margin(6 * rounding));
  }
  // A power of two is exact.
  const IntensityScale doubled = measure_intensity_scale(mapped(image, 2, 0));
  CHECK(doubled.mean == 2 * scale.mean);
  CHECK(doubled.sigma == 2 * scale.sigma);
}

TEST_CASE("intensity: equal images on different scales normalize to the same image") {
  const Image image = normal_image(5, 2);
  Image reference = image;
  normalize(reference, measure_intensity_scale(reference));
  for (const auto& [factor, offset] : {std::pair{1e-20, 0.0}, {1e20, 0.0}, {3.0, 7.0}}) {
    Image other = mapped(image, factor, offset);
    normalize(other, measure_intensity_scale(other));
    float largest = 0;
    for (std::size_t i = 0; i < other.pixels().size(); ++i)
      largest = std::max(largest, std::abs(other.pixels()[i] - reference.pixels()[i]));
    CHECK(largest < 1e-5f);
  }
}

TEST_CASE("intensity: restore undoes normalize inside the clip range") {
  for (const double unit : {1e-30, 1.0, 1e30}) {
    const Image image = mapped(normal_image(50, 2), unit, 0);
    Image result = image;
    const IntensityScale scale = measure_intensity_scale(image);
    normalize(result, scale);
    CHECK(measure_statistics(result).mean == Approx(0).margin(1e-6));
    CHECK(measure_statistics(result).sigma == Approx(1).epsilon(1e-6));
    restore(result, scale);
    for (std::size_t i = 0; i < result.pixels().size(); i += 997)
      CHECK(result.pixels()[i] == Approx(image.pixels()[i]).epsilon(1e-6));
  }
}

TEST_CASE("intensity: counting frames keep their rare ones") {
  for (const double fraction : {0.0005, 0.005, 0.02, 0.03, 0.3, 0.9, 0.995}) {
    const Image image = counting_frame(fraction);
    const ImageStatistics statistics = measure_statistics(image);
    const IntensityScale scale = measure_intensity_scale(image);
    CAPTURE(fraction);
    CHECK(scale.mean == statistics.mean);
    CHECK(scale.sigma == statistics.sigma);
    CHECK(scale.clip_low <= 0);
    CHECK(scale.clip_high >= 1);
  }
}

TEST_CASE("intensity: a hot pixel does not hide the ones of a sparse counting frame") {
  Image image = counting_frame(0.005);
  const ImageStatistics before = measure_statistics(image);
  image.pixels()[77] = 200;
  const IntensityScale scale = measure_intensity_scale(image);
  CHECK(scale.mean == Approx(before.mean).margin(1e-5));
  CHECK(scale.sigma == Approx(before.sigma).margin(1e-5));
  CHECK(scale.clip_high == 1);
}

TEST_CASE("intensity: a bright carbon edge is part of the image") {
  Image image = normal_image(10, 1);
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 0; x < image.width() / 4; ++x)
      image.at(x, y) += 20;
  const ImageStatistics statistics = measure_statistics(image);
  const IntensityScale scale = measure_intensity_scale(image);
  CHECK(scale.sigma == statistics.sigma);
  CHECK(scale.clip_low < statistics.minimum);
  CHECK(scale.clip_high > statistics.maximum);
}

TEST_CASE("intensity: an image without contrast is refused, with its value") {
  const Image constant(30, 20, 7.5f);
  CHECK_THROWS_WITH(measure_intensity_scale(constant),
                    ContainsSubstring("all 600 pixels have the value 7.5"));
  CHECK_THROWS_WITH(measure_intensity_scale(Image(2, 2, not_a_number)),
                    ContainsSubstring("none of the 4 pixels is a finite number"));
  try {
    measure_intensity_scale(constant);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
  }
}

TEST_CASE("intensity: one pixel that differs is contrast enough") {
  Image image(3, 3, 1.0f);
  image.at(1, 1) = 2.0f;
  CHECK(measure_intensity_scale(image).sigma > 0);
}

TEST_CASE("intensity: a bad pixel becomes the median of its neighbours") {
  Image image(20, 10, 4.0f);
  image.at(5, 5) = not_a_number;
  image.at(4, 4) = 100.0f;
  image.at(0, 0) = infinity;
  CHECK(repair_non_finite(image) == 2);
  CHECK(image.at(5, 5) == 4.0f);
  CHECK(image.at(0, 0) == 4.0f);
  CHECK(repair_non_finite(image) == 0);
  Image even(101, 1, 1.0f);
  even.at(50, 0) = -infinity;
  even.at(51, 0) = 2.0f;
  CHECK(repair_non_finite(even) == 1);
  CHECK(even.at(50, 0) == 1.5f);
}

TEST_CASE("intensity: a block of bad pixels is filled from the smallest window with good ones") {
  Image image(301, 299);
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 0; x < image.width(); ++x)
      image.at(x, y) = static_cast<float>(x);
  const Image original = image;
  for (std::int64_t y = 100; y < 129; ++y)
    for (std::int64_t x = 200; x < 231; ++x)
      image.at(x, y) = (x + y) % 2 == 0 ? not_a_number : infinity;
  CHECK(repair_non_finite(image) == 29 * 31);
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 0; x < image.width(); ++x)
      if (original.at(x, y) != image.at(x, y)) {
        CHECK(x >= 200);
        CHECK(x < 231);
        // Inside the block the value comes from its border, so from this range.
        CHECK(image.at(x, y) >= 199);
        CHECK(image.at(x, y) <= 231);
      }
  // The window of radius 15 around (214, 114) reaches rows 99 and 129 and column 199, where x is
  // 199 31 times and 200 to 229 twice each: the middle one of 91 is 207.
  CHECK(image.at(214, 114) == 207);
}

TEST_CASE("intensity: repair does not depend on the number of threads") {
  Image one = normal_image(0, 1);
  RandomSequence random(4, 4);
  for (int block = 0; block < 20; ++block) {
    const std::int64_t x0 = random.below(390), y0 = random.below(390);
    for (std::int64_t i = 0; i < 64; ++i)
      one.at(x0 + i % 8, y0 + i / 8) = not_a_number;
  }
  Image seven = one;
  const int threads_before = thread_count();
  set_thread_count(1);
  repair_non_finite(one);
  set_thread_count(7);
  repair_non_finite(seven);
  set_thread_count(threads_before);
  CHECK(std::equal(one.pixels().begin(), one.pixels().end(), seven.pixels().begin()));
}

TEST_CASE("intensity: too many bad pixels are an error that tells how many") {
  Image image(100, 100, 1.0f);
  for (std::size_t i = 0; i < 100; ++i)
    image.pixels()[i * 13] = not_a_number;
  Image repaired = image;
  CHECK(repair_non_finite(repaired) == 100);
  image.pixels()[9999] = not_a_number;
  CHECK_THROWS_WITH(
      repair_non_finite(image),
      ContainsSubstring("101 of 10000 pixels are not finite numbers") && ContainsSubstring("1 %"));
  Image none(10, 10, infinity);
  CHECK_THROWS_WITH(repair_non_finite(none),
                    ContainsSubstring("none of the 100 pixels is a finite number"));
}

TEST_CASE("intensity: normalized values are those of a division, bit for bit") {
  constexpr float largest = std::numeric_limits<float>::max();
  std::vector<float> values = {0.0f,
                               -0.0f,
                               1e-42f,
                               1e-38f,
                               1.0f,
                               3.0f,
                               largest,
                               -largest,
                               infinity,
                               -infinity,
                               not_a_number};
  RandomSequence random(21, 0);
  for (int i = 0; i < 200000; ++i)
    values.push_back(static_cast<float>(random.uniform(-100, 100)));
  // With a mean of -2^-24 and a sigma of 1 the quotient of 1 is in the middle of two floats.
  for (const double mean : {0.0, -0x1p-24, 4.98, 1e30})
    for (const double sigma : {1.0, 2.77, 1e-30, 1e-310, 1e300}) {
      const IntensityScale scale{mean, sigma, -largest, largest};
      std::vector<float> normalized = values;
      normalize(normalized, scale);
      std::size_t different = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const float clipped = std::clamp(values[i], -largest, largest);
        const auto expected = static_cast<float>((clipped - mean) / sigma);
        const bool both_nan = std::isnan(expected) && std::isnan(normalized[i]);
        different += normalized[i] == expected || both_nan ? 0 : 1;
      }
      CHECK(different == 0);
    }
}
