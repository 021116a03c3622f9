#include "core/data/movie_halves.h"

#include "core/base/error.h"
#include "core/io/mrc_writer.h"
#include "tests/support/catch.h"
#include "tests/support/io_eer_writer.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/training_pairs.h"

#include <algorithm>
#include <cmath>

using namespace limpid;
using limpid::test::MrcBytes;
using limpid::test::TemporaryFolder;

namespace {

// A float32 stack.
std::string write_movie(const TemporaryFolder& folder,
                        const std::string& name,
                        const std::vector<Image>& frames) {
  MrcBytes file(static_cast<std::int32_t>(frames[0].width()),
                static_cast<std::int32_t>(frames[0].height()),
                static_cast<std::int32_t>(frames.size()),
                2);
  for (const Image& frame : frames)
    for (const float value : frame.pixels())
      file.pixel(value);
  return folder.write(name, file.bytes());
}

std::vector<Image> noisy_frames(std::uint64_t count) {
  std::vector<Image> frames;
  for (std::uint64_t i = 0; i < count; ++i)
    frames.push_back(test::with_noise(Image(40, 30, 10.0f), 1.0f, i + 1));
  return frames;
}

MovieRecipe recipe_of(const std::string& path) {
  MovieRecipe recipe;
  recipe.movie_path = path;
  return recipe;
}

}  // namespace

TEST_CASE("movie_halves: every other frame, beginning with the first") {
  const TemporaryFolder folder;
  const std::vector<Image> frames = noisy_frames(5);
  const MovieHalves halves = sum_movie_halves(recipe_of(write_movie(folder, "a.mrcs", frames)));
  for (std::size_t i = 0; i < frames[0].pixels().size(); ++i) {
    REQUIRE(halves.even.pixels()[i] ==
            frames[0].pixels()[i] + frames[2].pixels()[i] + frames[4].pixels()[i]);
    REQUIRE(halves.odd.pixels()[i] == frames[1].pixels()[i] + frames[3].pixels()[i]);
  }
}

TEST_CASE("movie_halves: frames without a shift are left out, and the others alternate") {
  const TemporaryFolder folder;
  const std::vector<Image> frames = noisy_frames(5);
  MovieRecipe recipe = recipe_of(write_movie(folder, "a.mrcs", frames));
  recipe.shifts = {std::nullopt, FrameShift{}, FrameShift{}, std::nullopt, FrameShift{}};
  const MovieHalves halves = sum_movie_halves(recipe);
  for (std::size_t i = 0; i < frames[0].pixels().size(); ++i) {
    REQUIRE(halves.even.pixels()[i] == frames[1].pixels()[i] + frames[4].pixels()[i]);
    REQUIRE(halves.odd.pixels()[i] == frames[2].pixels()[i]);
  }
}

TEST_CASE("movie_halves: recorded shifts put the specimen back where it was") {
  const TemporaryFolder folder;
  // Whole pixels, so that the drift can be made without interpolation.
  const Image still = test::smooth_image(40, 30, 3);
  std::vector<Image> frames;
  MovieRecipe recipe;
  for (int i = 0; i < 4; ++i) {
    Image frame(40, 30);
    for (std::int64_t y = 0; y < 30; ++y)
      for (std::int64_t x = 0; x < 40; ++x)
        frame.at((x + 40 - 2 * i) % 40, (y + i) % 30) = still.at(x, y);
    frames.push_back(frame);
    recipe.shifts.emplace_back(FrameShift{2.0 * i, -1.0 * i});
  }
  recipe.movie_path = write_movie(folder, "a.mrcs", frames);
  const MovieHalves halves = sum_movie_halves(recipe);
  for (std::size_t i = 0; i < still.pixels().size(); ++i) {
    REQUIRE(halves.even.pixels()[i] == Approx(2 * still.pixels()[i]).margin(1e-5));
    REQUIRE(halves.odd.pixels()[i] == Approx(2 * still.pixels()[i]).margin(1e-5));
  }
}

TEST_CASE("movie_halves: the gain is multiplied in, and dead pixels leave no common mark") {
  const TemporaryFolder folder;
  const std::vector<Image> frames = noisy_frames(6);
  Image gain(40, 30, 2.0f);
  gain.at(8, 9) = 0.5f;
  gain.at(3, 4) = 0;
  write_mrc(folder.path("gain.mrc"), gain, {});
  MovieRecipe recipe = recipe_of(write_movie(folder, "a.mrcs", frames));
  recipe.gain_path = folder.path("gain.mrc");
  const MovieHalves halves = sum_movie_halves(recipe);
  const auto sum_at = [&](std::int64_t x, std::int64_t y) {
    return frames[0].at(x, y) + frames[2].at(x, y) + frames[4].at(x, y);
  };
  CHECK(halves.even.at(20, 20) == Approx(2 * sum_at(20, 20)));
  CHECK(halves.even.at(3, 4) == Approx(60).margin(12));
  CHECK(halves.odd.at(3, 4) == Approx(60).margin(12));
  CHECK(halves.even.at(3, 4) != halves.odd.at(3, 4));
  // A pixel with a quarter of the others' counts does not work either.
  CHECK(halves.even.at(8, 9) == Approx(60).margin(12));
  Image other(30, 40, 1.0f);
  write_mrc(folder.path("gain.mrc"), other, {});
  CHECK_THROWS_WITH(sum_movie_halves(recipe), ContainsSubstring("has 30 x 40 pixels"));
}

TEST_CASE("movie_halves: movies and records that do not fit are refused") {
  const TemporaryFolder folder;
  MovieRecipe recipe = recipe_of(write_movie(folder, "a.mrcs", noisy_frames(3)));
  recipe.shifts.resize(2, FrameShift{});
  CHECK_THROWS_WITH(sum_movie_halves(recipe),
                    ContainsSubstring("has 3 frames, but shifts are recorded for 2"));
  recipe.shifts = {FrameShift{}, std::nullopt, std::nullopt};
  CHECK_THROWS_WITH(sum_movie_halves(recipe), ContainsSubstring("1 of 3 frames can be used"));
  const auto single = recipe_of(write_movie(folder, "b.mrc", noisy_frames(1)));
  CHECK_THROWS_WITH(sum_movie_halves(single), ContainsSubstring("two halves take at least 2"));
}

TEST_CASE("movie_halves: pairs for training from MRC and from electron events") {
  const TemporaryFolder folder;
  test::EerFile file{.width = 32, .height = 32};
  for (std::uint64_t i = 0; i < 12; ++i)
    file.frames.push_back(test::encode_eer_frame(
        file.coding, 32, 32, test::random_events(file.coding, 32, 32, 0.2, i)));
  MovieRecipe events = recipe_of(folder.write("b.eer", test::eer_bytes(file)));
  events.rendering = {.frames_per_fraction = 3, .upsampling = 2};
  const auto pairs =
      make_movie_pairs({recipe_of(write_movie(folder, "a.mrcs", noisy_frames(4))), events});
  REQUIRE(pairs->count() == 2);
  CHECK(pairs->name(0) == folder.path("a.mrcs"));
  CHECK(pairs->size(0).width == 40);
  CHECK(pairs->size(1).pixel_count() == 64 * 64);
  for (std::int64_t index = 0; index < 2; ++index) {
    const ImagePair pair = pairs->load(index);
    CHECK(pair.symmetric);
    CHECK(pair.input.pixel_count() == pairs->size(index).pixel_count());
    double product = 0, square = 0, mean = 0;
    for (std::size_t i = 0; i < pair.input.pixels().size(); ++i) {
      const auto a = static_cast<double>(pair.input.pixels()[i]);
      product += a * static_cast<double>(pair.target.pixels()[i]);
      square += a * a;
      mean += a;
    }
    const auto count = static_cast<double>(pair.input.pixel_count());
    CHECK(mean / count == Approx(0).margin(0.02));
    CHECK(square / count == Approx(1).epsilon(0.1));
    // Noise alone, so the halves have nothing in common; 4 sigma.
    CHECK(std::abs(product / count) < 4 / std::sqrt(count));
  }
}

TEST_CASE("movie_halves: pixels that do not work are looked for once") {
  const TemporaryFolder folder;
  std::vector<Image> frames = noisy_frames(6);
  for (Image& frame : frames)
    frame.at(20, 10) = 500;
  const MovieRecipe recipe = recipe_of(write_movie(folder, "a.mrcs", frames));
  std::optional<std::vector<std::int64_t>> defects;
  const MovieHalves first = sum_movie_halves(recipe, defects);
  REQUIRE(defects);
  CHECK(*defects == std::vector<std::int64_t>{10 * 40 + 20});
  const MovieHalves again = sum_movie_halves(recipe, defects);
  CHECK(std::ranges::equal(again.even.pixels(), first.even.pixels()));
  CHECK(std::ranges::equal(again.odd.pixels(), first.odd.pixels()));
  // They are taken as they are, so the hot pixel stays if it is not among them.
  defects->clear();
  CHECK(sum_movie_halves(recipe, defects).even.at(20, 10) == 1500);
  const auto pairs = make_movie_pairs({recipe});
  const ImagePair pair = pairs->load(0), reloaded = pairs->load(0);
  CHECK(std::ranges::equal(pair.input.pixels(), reloaded.input.pixels()));
  CHECK(std::ranges::equal(pair.target.pixels(), reloaded.target.pixels()));
}
