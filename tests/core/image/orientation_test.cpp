#include "core/image/orientation.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <vector>

using namespace limpid;

namespace {

Image numbered(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  float next = 0;
  for (float& pixel : image.pixels())
    pixel = next++;
  return image;
}

std::vector<float> pixels(const Image& image) {
  return {image.pixels().begin(), image.pixels().end()};
}

}  // namespace

TEST_CASE("orientation: an image is transposed first and mirrored then") {
  const Image image = numbered(3, 2);  // 0 1 2 / 3 4 5
  CHECK(pixels(turned(image, 0)) == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(pixels(turned(image, 1)) == std::vector<float>{2, 1, 0, 5, 4, 3});
  CHECK(pixels(turned(image, 2)) == std::vector<float>{3, 4, 5, 0, 1, 2});
  CHECK(pixels(turned(image, 3)) == std::vector<float>{5, 4, 3, 2, 1, 0});
  CHECK(pixels(turned(image, 4)) == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(pixels(turned(image, 5)) == std::vector<float>{3, 0, 4, 1, 5, 2});
  CHECK(pixels(turned(image, 6)) == std::vector<float>{2, 5, 1, 4, 0, 3});
  CHECK(pixels(turned(image, 7)) == std::vector<float>{5, 2, 4, 1, 3, 0});
  CHECK(turned(image, 7).width() == 2);
}

TEST_CASE("orientation: what is turned comes back to its place") {
  // More rows than one thread takes at once.
  const Image image = numbered(131, 150);
  Image sum(131, 150);
  for (int orientation = 0; orientation < orientation_count; ++orientation)
    add_turned_back(turned(image, orientation), orientation, sum);
  CHECK(std::equal(
      sum.pixels().begin(), sum.pixels().end(), image.pixels().begin(), [](float a, float b) {
        return a == 8 * b;
      }));
}
