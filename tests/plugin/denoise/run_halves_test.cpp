#include "plugin/denoise/run_halves.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

using namespace limpid;

namespace {

constexpr std::int64_t side = 256;

Image noise(std::uint64_t seed) {
  Image image(side, side);
  RandomSequence random(seed, 0);
  for (float& value : image.pixels())
    value = static_cast<float>(random.normal());
  return image;
}

// A half with its own noise of sigma 4 and `share` of a pattern of sigma 1.
Image half(std::uint64_t seed, const Image& pattern, double share) {
  Image image = noise(seed);
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    image.pixels()[i] =
        static_cast<float>(16 + 4 * image.pixels()[i] + share * pattern.pixels()[i]);
  return image;
}

HalfCheck check_of(double share, std::int64_t count, double pixel_size_angstrom) {
  const Image pattern = noise(1000);
  RunHalves halves;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto seed = static_cast<std::uint64_t>(2 * i);
    halves.add(
        i, {half(seed, pattern, share), half(seed + 1, pattern, share)}, pixel_size_angstrom);
  }
  return halves.result();
}

}  // namespace

TEST_CASE("run halves: a faint pattern of the detector shows in several micrographs") {
  // A fortieth of the power, which no micrograph shows alone with pixels of 3 A.
  const HalfCheck found = check_of(0.7, 6, 3);
  CHECK(found.noise.has_fixed_pattern);
  CHECK_FALSE(found.noise.within.is_measured());
  CHECK_THAT(found.text("it counts as signal"),
             ContainsSubstring("halves of 6 micrographs are not independent, and it counts") &&
                 ContainsSubstring("pattern of the detector"));
  CHECK(check_of(0, 6, 3).noise.is_independent());
  CHECK(check_of(0, 6, 1).noise.is_independent());
}

TEST_CASE("run halves: the first twelve are enough, and halves without contrast say nothing") {
  CHECK(check_of(0, 15, 1).micrograph_count == 12);
  RunHalves halves;
  CHECK(halves.result().micrograph_count == 0);
  const Image flat(side, side, 1.0f);
  halves.add(0, {flat, flat}, 1);
  CHECK(halves.result().micrograph_count == 0);
}
