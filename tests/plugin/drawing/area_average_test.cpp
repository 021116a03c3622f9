#include "plugin/drawing/area_average.h"

#include "tests/support/catch.h"

#include <cmath>
#include <limits>

using namespace limpid;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("area average: every pixel is the mean of its block") {
  Image image(7, 5);
  for (std::int64_t y = 0; y < 5; ++y)
    for (std::int64_t x = 0; x < 7; ++x)
      image.at(x, y) = static_cast<float>(10 * y + x);
  const Image small = area_average(image, 2);
  REQUIRE(small.width() == 3);  // what is left over is dropped
  REQUIRE(small.height() == 2);
  CHECK(small.at(0, 0) == Approx((0 + 1 + 10 + 11) / 4.0));
  CHECK(small.at(2, 1) == Approx((24 + 25 + 34 + 35) / 4.0));
}

TEST_CASE("area average: a block of one pixel changes nothing") {
  Image image(3, 2, 1.5f);
  image.at(2, 1) = -4;
  const Image same = area_average(image, 1);
  CHECK(same.width() == 3);
  CHECK(same.at(2, 1) == -4);
  CHECK(same.at(0, 0) == 1.5f);
}

TEST_CASE("area average: pixels that are not finite are left out") {
  Image image(4, 2, 2.0f);
  image.at(0, 0) = not_a_number;
  image.at(1, 0) = std::numeric_limits<float>::infinity();
  image.at(0, 1) = 6;
  for (const std::int64_t x : {2, 3})
    for (const std::int64_t y : {0, 1})
      image.at(x, y) = not_a_number;
  const Image small = area_average(image, 2);
  CHECK(small.at(0, 0) == Approx(4.0));
  CHECK(std::isnan(small.at(1, 0)));
}

TEST_CASE("area average: an image thinner than a block keeps one row") {
  const Image small = area_average(Image(100, 3, 1.0f), 10);
  CHECK(small.width() == 10);
  CHECK(small.height() == 1);
}

TEST_CASE("area average: the block makes the longer side fit") {
  CHECK(block_for_side(Image(500, 20), 520) == 1);
  CHECK(block_for_side(Image(20, 521), 520) == 2);
  CHECK(block_for_side(Image(7420, 100), 520) == 15);
}
