#include "core/image/statistics.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/image/block_sum.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace limpid;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

Image normal_image(std::int64_t width, std::int64_t height, double mean, double sigma) {
  Image image(width, height);
  RandomSequence random(5, 0);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(mean + sigma * random.normal());
  return image;
}

Image image_of(std::vector<float> values) {
  Image image(static_cast<std::int64_t>(values.size()), 1);
  std::copy(values.begin(), values.end(), image.pixels().begin());
  return image;
}

double sorted_percentile(const Image& image, double percent) {
  std::vector<double> values(image.pixels().begin(), image.pixels().end());
  std::sort(values.begin(), values.end());
  const double rank = percent / 100 * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::size_t>(rank);
  const std::size_t upper = std::min(lower + 1, values.size() - 1);
  return values[lower] + (rank - static_cast<double>(lower)) * (values[upper] - values[lower]);
}

}  // namespace

TEST_CASE("statistics: a few known pixels") {
  const ImageStatistics statistics = measure_statistics(image_of({1, 2, 3, 6}));
  CHECK(statistics.mean == 3);
  CHECK(statistics.sigma == Approx(std::sqrt(14.0 / 4)).epsilon(1e-14));
  CHECK(statistics.minimum == 1);
  CHECK(statistics.maximum == 6);
  CHECK(statistics.count == 4);
  CHECK(statistics.non_finite_count == 0);
}

TEST_CASE("statistics: pixels that are not finite are counted and left out") {
  const ImageStatistics statistics =
      measure_statistics(image_of({not_a_number, 2, infinity, 4, -infinity, not_a_number}));
  CHECK(statistics.mean == 3);
  CHECK(statistics.sigma == 1);
  CHECK(statistics.count == 2);
  CHECK(statistics.non_finite_count == 4);
  const ImageStatistics none = measure_statistics(image_of({not_a_number, not_a_number}));
  CHECK(none.count == 0);
  CHECK(std::isnan(none.mean));
  CHECK_THROWS_WITH(percentile(image_of({not_a_number, not_a_number}), 50),
                    ContainsSubstring("none of the 2 pixels is a finite number"));
  CHECK_THROWS_AS(measure_robust_scale(image_of({infinity})), Error);
}

TEST_CASE("statistics: tiny, huge and offset values lose nothing") {
  for (const double unit : {1e-38, 1e-20, 1.0, 1e20, 1e36}) {
    Image image = normal_image(200, 300, 0, 1);
    const ImageStatistics reference = measure_statistics(image);
    for (float& pixel : image.pixels())
      pixel = static_cast<float>(pixel * unit);
    const ImageStatistics scaled = measure_statistics(image);
    // Values near 1e-38 are denormal and rounded to 1e-45.
    CHECK(scaled.sigma / unit == Approx(reference.sigma).epsilon(1e-6));
    CHECK(scaled.mean / unit == Approx(reference.mean).margin(1e-6));
  }
  const Image offset = normal_image(500, 500, 1e6, 1);
  CHECK(measure_statistics(offset).sigma == Approx(1).epsilon(0.01));
}

TEST_CASE("statistics: only pixels inside the range are measured") {
  const ImageStatistics inside =
      measure_statistics_within(image_of({-9, 1, 2, 3, not_a_number, 100, infinity}), 1, 3);
  CHECK(inside.count == 3);
  CHECK(inside.mean == 2);
  CHECK(inside.non_finite_count == 2);
}

TEST_CASE("statistics: the number of threads changes no bit") {
  const Image image = normal_image(1021, 517, 3, 2);
  const int threads_before = thread_count();
  set_thread_count(1);
  const ImageStatistics one = measure_statistics(image);
  const RobustScale robust_one = measure_robust_scale(image);
  set_thread_count(7);
  const ImageStatistics seven = measure_statistics(image);
  const RobustScale robust_seven = measure_robust_scale(image);
  set_thread_count(threads_before);
  CHECK(one.mean == seven.mean);
  CHECK(one.sigma == seven.sigma);
  CHECK(robust_one.sigma == robust_seven.sigma);
}

TEST_CASE("statistics: blocks are added in order and cover every item once") {
  struct Text {
    std::vector<std::int64_t> ends;
    Text& operator+=(const Text& other) {
      ends.insert(ends.end(), other.ends.begin(), other.ends.end());
      return *this;
    }
  };
  const Text text = sum_in_blocks<Text>(10, 4, [](std::int64_t begin, std::int64_t end) {
    return Text{{begin, end}};
  });
  CHECK(text.ends == std::vector<std::int64_t>{0, 4, 4, 8, 8, 10});
}

TEST_CASE("statistics: percentiles equal those of the sorted pixels") {
  for (const auto& [width, height] : {std::pair<int, int>{401, 301}, {64, 64}, {1, 3}, {2, 1}}) {
    const Image image = normal_image(width, height, -1, 30);
    for (const double percent : {0.0, 0.05, 12.5, 50.0, 99.95, 100.0})
      CHECK(percentile(image, percent) == Approx(sorted_percentile(image, percent)).epsilon(1e-12));
  }
  CHECK(percentile(image_of({-0.5f, not_a_number, 0.0f, 3e38f, -3e38f, 1e-40f}), 75) ==
        static_cast<double>(1e-40f));
  CHECK(percentile(image_of({7}), 33) == 7);
}

TEST_CASE("statistics: the robust scale of normal pixels is theirs, outliers or not") {
  Image image = normal_image(1000, 1000, 10, 3);
  for (std::int64_t i = 0; i < image.pixel_count(); i += 200)
    image.pixels()[static_cast<std::size_t>(i)] = 1e9f;
  const RobustScale scale = measure_robust_scale(image);
  // 0.5 % of outliers on one side move the median by 0.006 sigma.
  CHECK(scale.median == Approx(10).margin(0.04));
  CHECK(scale.sigma == Approx(3).epsilon(0.015));
}
