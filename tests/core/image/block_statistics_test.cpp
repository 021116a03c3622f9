#include "core/image/block_statistics.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/image/block_sum.h"
#include "tests/support/catch.h"

#include <limits>

using namespace limpid;

namespace {

constexpr std::int64_t width = 1000;
constexpr std::int64_t height = 300;  // four blocks and a half

Image normal_image() {
  Image image(width, height);
  RandomSequence random(5, 0);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(100 + 7 * random.normal());
  return image;
}

void check_equal(const ImageStatistics& a, const ImageStatistics& b) {
  CHECK(a.mean == b.mean);
  CHECK(a.sigma == b.sigma);
  CHECK(a.minimum == b.minimum);
  CHECK(a.maximum == b.maximum);
  CHECK(a.count == b.count);
  CHECK(a.non_finite_count == b.non_finite_count);
}

}  // namespace

TEST_CASE("block_statistics: pixels that come little by little give the same bits") {
  const Image image = normal_image();
  const ImageStatistics expected = BlockStatistics(image).total();
  for (const std::int64_t step : {std::int64_t{1000}, std::int64_t{70000}, sum_block_pixels}) {
    BlockStatistics blocks(image.pixels());
    // Two threads, of which the second begins inside a block.
    constexpr std::int64_t middle = 155000;
    for (std::int64_t end = step; end <= middle; end += step)
      blocks.measure_range(0, end);
    for (std::int64_t end = middle + step; end <= image.pixel_count(); end += step)
      blocks.measure_range(middle, end);
    blocks.measure_rest();
    check_equal(blocks.total(), expected);
  }
}

TEST_CASE("block_statistics: no total of a part") {
  const Image image = normal_image();
  BlockStatistics blocks(image.pixels());
  blocks.measure_range(0, image.pixel_count() - 1);
  CHECK_THROWS_AS(blocks.total(), Error);
}

TEST_CASE("block_statistics: pixels may be made for each block") {
  const Image image = normal_image();
  Image doubled = image;
  for (float& pixel : doubled.pixels())
    pixel *= 2;
  BlockStatistics blocks(image.pixel_count(),
                         [&](std::int64_t begin, std::int64_t count, float* room) {
                           for (std::int64_t i = 0; i < count; ++i)
                             room[i] = 2 * image.pixels()[static_cast<std::size_t>(begin + i)];
                           return std::span<const float>(room, static_cast<std::size_t>(count));
                         });
  blocks.measure_rest();
  BlockStatistics expected(doubled);
  check_equal(blocks.total(), expected.total());
  blocks.keep_within(190, 205);
  expected.keep_within(190, 205);
  check_equal(blocks.total(), expected.total());
}

TEST_CASE("block_statistics: blocks with pixels out of a range are known whatever is kept") {
  Image image(width, height, 1.0f);
  image.at(10, 0) = 50;                                       // first block
  image.at(width - 1, height - 1) = -50;                      // last
  image.at(0, 100) = std::numeric_limits<float>::infinity();  // second
  BlockStatistics blocks(image);
  blocks.keep_within(0, 2);
  std::vector<bool> found;
  for (std::int64_t block = 0; block < blocks.block_count(); ++block)
    found.push_back(blocks.has_outside(block, 0, 2));
  CHECK(found == std::vector<bool>{true, true, false, false, true});
}
