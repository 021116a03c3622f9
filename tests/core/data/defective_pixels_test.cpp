#include "core/data/defective_pixels.h"

#include "tests/support/catch.h"
#include "tests/support/training_pairs.h"

#include <set>

using namespace limpid;

TEST_CASE("defective_pixels: dead, hot and masked pixels get values from their neighbourhood") {
  Image sum = test::with_noise(Image(64, 48, 100.0f), 10.0f, 3);
  sum.at(5, 5) = 400;
  sum.at(63, 0) = -200;
  Image gain(64, 48, 1.0f);
  for (std::int64_t y = 0; y < 48; ++y)
    gain.at(20, y) = 0;
  const DefectivePixels defects(sum, gain);
  CHECK(defects.count() == 48 + 2);
  Image frame(64, 48);
  for (std::int64_t y = 0; y < 48; ++y)
    for (std::int64_t x = 0; x < 64; ++x)
      frame.at(x, y) = static_cast<float>(x + 100 * y);
  frame.at(5, 5) = -1;
  const Image before = frame;
  defects.repair(frame, 7);
  for (std::int64_t y = 0; y < 48; ++y)
    for (std::int64_t x = 0; x < 64; ++x) {
      const bool is_defective = x == 20 || (x == 5 && y == 5) || (x == 63 && y == 0);
      if (!is_defective) {
        REQUIRE(frame.at(x, y) == before.at(x, y));
        continue;
      }
      const auto value = static_cast<std::int64_t>(frame.at(x, y));
      CHECK(std::abs(value % 100 - x) <= 2);
      CHECK(std::abs(value / 100 - y) <= 2);
      CHECK(value % 100 != 20);
    }
}

TEST_CASE("defective_pixels: every frame draws anew, and the same frame the same") {
  Image gain(32, 32, 1.0f);
  gain.at(9, 9) = 0;
  const DefectivePixels defects(Image(32, 32, 5.0f), gain);
  CHECK(defects.count() == 1);
  std::set<float> drawn;
  for (std::uint64_t frame_number = 0; frame_number < 40; ++frame_number) {
    Image frame = test::with_noise(Image(32, 32), 1.0f, 1);
    defects.repair(frame, frame_number);
    drawn.insert(frame.at(9, 9));
    Image again = test::with_noise(Image(32, 32), 1.0f, 1);
    defects.repair(again, frame_number);
    CHECK(again.at(9, 9) == frame.at(9, 9));
  }
  CHECK(drawn.size() > 10);
}

TEST_CASE("defective_pixels: a bright region is part of the picture") {
  Image sum = test::with_noise(Image(100, 100, 100.0f), 1.0f, 3);
  for (std::int64_t y = 0; y < 5; ++y)
    for (std::int64_t x = 0; x < 5; ++x)
      sum.at(x, y) = 300;
  const DefectivePixels defects(sum, {});
  CHECK(defects.count() == 0);
  CHECK(DefectivePixels(Image(10, 10, 3.0f), {}).count() == 0);
}

TEST_CASE("defective_pixels: shared by two images, each is repaired in one of them") {
  Image sum = test::with_noise(Image(64, 64), 1.0f, 3);
  for (std::int64_t i = 0; i < 20; ++i)
    sum.at(3 * i + 2, 3 * i + 2) = 100;
  const DefectivePixels defects(sum, {});
  REQUIRE(defects.count() == 20);
  Image first = sum, second = sum;
  defects.repair_in_one(first, second);
  int in_first = 0;
  for (std::int64_t i = 0; i < 20; ++i) {
    const std::int64_t at = 3 * i + 2;
    CHECK((first.at(at, at) == 100) != (second.at(at, at) == 100));
    in_first += first.at(at, at) == 100 ? 0 : 1;
  }
  CHECK(in_first > 3);
  CHECK(in_first < 17);
}
