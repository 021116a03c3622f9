#include "core/metrics/seam.h"

#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <cstdlib>

using namespace limpid;

TEST_CASE("seam: none in noise, smooth patterns and constants") {
  CHECK(strongest_seam(noise_image(900, 700, 1, 3)).strength < 1.3);
  CHECK(strongest_seam(blob_image(900, 700, 3)).strength < 1.3);
  CHECK(strongest_seam(Image(300, 300, 5.0f)).strength == 1);
  CHECK(strongest_seam(noise_image(40, 900, 1, 3)).strength == 1);
}

TEST_CASE("seam: a step between tiles is found where it is") {
  Image vertical = blob_image(512, 400, 1);
  for (std::int64_t y = 0; y < vertical.height(); ++y)
    for (std::int64_t x = 256; x < vertical.width(); ++x)
      vertical.at(x, y) += 0.5f;
  const Seam seam = strongest_seam(vertical);
  CHECK(seam.strength > 1.8);
  CHECK(seam.position == 256);
  CHECK(seam.is_vertical);

  Image horizontal = blob_image(1500, 1100, 1);
  for (std::int64_t y = 640; y < horizontal.height(); ++y)
    for (std::int64_t x = 0; x < horizontal.width(); ++x)
      horizontal.at(x, y) += 0.5f;
  const Seam other = strongest_seam(horizontal);
  CHECK(other.strength > 1.8);
  CHECK(other.position == 640);
  CHECK_FALSE(other.is_vertical);
}

TEST_CASE("seam: the grid on which a network halves images is none, a step on it is") {
  Image image = blob_image(700, 500, 4);
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 0; x < image.width(); ++x)
      if ((x / 16) % 2 == 0)
        image.at(x, y) += 0.4f;
  CHECK(strongest_seam(image).strength < 1.3);
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 320; x < image.width(); ++x)
      image.at(x, y) += 1.0f;
  CHECK(strongest_seam(image).strength > 1.8);
  CHECK(std::abs(strongest_seam(image).position - 320) <= 1);
}

TEST_CASE("seam: a hot pixel is none") {
  Image image = blob_image(512, 512, 2);
  image.at(100, 200) = 1e4f;
  CHECK(strongest_seam(image).strength < 1.5);
}
