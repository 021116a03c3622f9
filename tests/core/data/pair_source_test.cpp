#include "core/data/pair_source.h"

#include "core/base/error.h"
#include "core/data/defective_pixels.h"
#include "core/image/intensity.h"
#include "core/image/statistics.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/training_pairs.h"

#include <algorithm>

using namespace limpid;
using namespace limpid::test;

namespace {

std::string write(
    const TemporaryFolder& folder, const char* name, Image image, float scale, float offset) {
  for (float& value : image.pixels())
    value = scale * value + offset;
  write_mrc(folder.path(name), image, {});
  return folder.path(name);
}

}  // namespace

TEST_CASE("pair source: halves are normalized each by itself") {
  const TemporaryFolder folder;
  const Image clean = smooth_image(64, 48, 1);
  // The odd half has fewer frames: another mean and sigma.
  const auto source =
      make_half_pairs({{write(folder, "e.mrc", with_noise(clean, 2.0f, 1), 4, 16),
                        write(folder, "o.mrc", with_noise(clean, 2.0f, 2), 3, 12)}});
  CHECK(source->count() == 1);
  CHECK(source->size(0).pixel_count() == 64 * 48);
  const ImagePair pair = source->load(0);
  CHECK(pair.symmetric);
  for (const Image* image : {&pair.input, &pair.target}) {
    const ImageStatistics statistics = measure_statistics(*image);
    CHECK(statistics.mean == Approx(0).margin(1e-3));
    CHECK(statistics.sigma == Approx(1).epsilon(1e-3));
  }
}

TEST_CASE(
    "pair source: a truth keeps the grey scale of its micrograph, and faint ones weigh more") {
  const TemporaryFolder folder;
  const Image clean = smooth_image(64, 64, 1);
  const Image noisy = with_noise(clean, 2.0f, 1);
  const double signal = measure_statistics(clean).sigma;
  const double total = measure_statistics(noisy).sigma;
  const auto source = make_truth_pairs(
      {{write(folder, "n.mrc", noisy, 10, 100), write(folder, "t.mrc", clean, 10, 100)}});
  const ImagePair pair = source->load(0);
  CHECK_FALSE(pair.symmetric);
  const double sigma = measure_statistics(pair.target).sigma;
  CHECK(sigma == Approx(signal / total).epsilon(0.01));
  CHECK(static_cast<double>(pair.loss_weight) == Approx(1 / (sigma * sigma + 0.004)).epsilon(1e-5));
}

TEST_CASE("pair source: simulated pairs say how a noisy crop is normalized") {
  const TemporaryFolder folder;
  const auto source = make_simulated_pairs(
      {{write(folder, "m.mrc", with_noise(smooth_image(128, 128, 1), 0.5f, 1), 10, 100), ""}},
      {.electrons_per_unit = 50.0f, .sigma = 0.05f});
  const ImagePair pair = source->load(0);
  Image noisy;
  add_noise(pair.input, noisy, pair.noise, 5, 5);
  const ImageStatistics statistics = measure_statistics(noisy);
  CHECK(statistics.mean == Approx(pair.noise_mean).epsilon(0.01));
  CHECK(statistics.sigma == Approx(pair.noise_sigma).epsilon(0.01));
  CHECK(measure_statistics(pair.input).minimum >= 0);
  CHECK(measure_statistics(pair.input).maximum <= 1);
  // The target is the same image: it is there once.
  CHECK(pair.target.empty());
  CHECK(&pair.target_image() == &pair.input);
  CHECK(source->cost(0).pair_bytes == 4 * 128 * 128);
}

TEST_CASE("pair source: memory of another pair is used again, and leaves nothing behind") {
  const TemporaryFolder folder;
  const auto file = [&](const char* name, std::int64_t height, std::uint64_t seed) {
    return write(folder, name, with_noise(smooth_image(64, height, 1), 1, seed), 1, 0);
  };
  const std::vector<PairFiles> files = {{file("a.mrc", 48, 1), file("b.mrc", 48, 2)},
                                        {file("c.mrc", 40, 3), file("d.mrc", 40, 4)}};
  for (const auto& source : {make_half_pairs(files),
                             make_truth_pairs(files),
                             make_simulated_pairs(files, {.sigma = 0.1f})}) {
    ImagePair pair = source->load(0);
    const float* const input = pair.input.pixels().data();
    const float* const target = pair.target_image().pixels().data();
    source->load_into(1, pair);
    const ImagePair fresh = source->load(1);
    for (const bool is_target : {false, true}) {
      const Image& image = is_target ? pair.target_image() : pair.input;
      const Image& expected = is_target ? fresh.target_image() : fresh.input;
      CHECK(image.height() == 40);
      CHECK(std::equal(image.pixels().begin(),
                       image.pixels().end(),
                       expected.pixels().begin(),
                       expected.pixels().end()));
    }
    CHECK(pair.loss_weight == fresh.loss_weight);
    CHECK(pair.noise_mean == fresh.noise_mean);
    CHECK(pair.input.pixels().data() == input);
    CHECK(pair.target_image().pixels().data() == target);
  }
}

TEST_CASE("pair source: what a pair takes in memory") {
  const TemporaryFolder folder;
  const std::string a = write(folder, "a.mrc", with_noise(smooth_image(64, 48, 1), 1, 1), 1, 0);
  const auto source = make_half_pairs({{a, a}});
  const PairCost cost = source->cost(0);
  CHECK(cost.pixel_count == 64 * 48);
  CHECK(cost.pair_bytes == 2 * 4 * 64 * 48);
  CHECK(cost.loading_bytes >= 64 * 48 / 8);  // marks of pixels that stand out of both halves
  CHECK(source->files(0) == std::vector<std::string>{a, a});
  CHECK(make_simulated_pairs({{a, ""}}, {})->files(0) == std::vector<std::string>{a});
}

TEST_CASE("pair source: a partner of another size or missing is named") {
  const TemporaryFolder folder;
  const std::string a = write(folder, "a.mrc", with_noise(smooth_image(64, 48, 1), 1, 1), 1, 0);
  const std::string b = write(folder, "b.mrc", with_noise(smooth_image(64, 50, 1), 1, 1), 1, 0);
  CHECK_THROWS_WITH(make_half_pairs({{a, b}})->load(0),
                    ContainsSubstring("64 x 48") && ContainsSubstring("64 x 50"));
  CHECK_THROWS_WITH(make_half_pairs({{a, folder.path("c.mrc")}})->load(0),
                    ContainsSubstring("c.mrc"));
}

TEST_CASE("pair source: what a network learns from is clipped and repaired like what it works on") {
  const TemporaryFolder folder;
  Image raw = with_noise(smooth_image(64, 64, 1), 2.0f, 1);
  raw.at(3, 4) = 1e6f;
  raw.at(30, 40) = -1e6f;
  const std::string path = write(folder, "m.mrc", raw, 10, 100);
  // As the denoiser does it (core/infer/denoiser.cpp).
  Image expected = read_micrograph(path).pixels;
  CHECK(put_on_network_scale(expected).repaired_count == 0);
  CHECK(expected.at(3, 4) == Approx(6).epsilon(0.01));
  const Image alone = make_single_pairs({{path, {}}})->load(0).input;
  const Image with_truth = make_truth_pairs({{path, path}})->load(0).input;
  for (std::size_t i = 0; i < expected.pixels().size(); ++i) {
    REQUIRE(alone.pixels()[i] == expected.pixels()[i]);
    REQUIRE(with_truth.pixels()[i] == expected.pixels()[i]);
  }
}

TEST_CASE("pair source: a hot pixel of both halves stays in one of them") {
  const Image clean = smooth_image(64, 64, 1);
  Image even = with_noise(clean, 2.0f, 1), odd = with_noise(clean, 2.0f, 2);
  for (Image* half : {&even, &odd})
    for (std::int64_t i = 0; i < 10; ++i)
      half->at(5 * i + 3, 4 * i + 7) = 500;
  const ImagePair pair = make_half_pair(even, odd);
  for (std::int64_t i = 0; i < 10; ++i)
    CHECK((pair.input.at(5 * i + 3, 4 * i + 7) > 5.5f) !=
          (pair.target.at(5 * i + 3, 4 * i + 7) > 5.5f));
}

TEST_CASE("pair source: halves from files are those that come about step by step, bit for bit") {
  const TemporaryFolder folder;
  // Blocks of pixels end inside of rows, some between neighbours that stand out.
  constexpr std::int64_t width = 700, height = 450;
  const Image clean = smooth_image(width, height, 1);
  Image halves[2] = {with_noise(clean, 2.0f, 1), with_noise(clean, 2.0f, 2)};
  std::string paths[2];
  for (int i = 0; i < 2; ++i) {
    for (std::int64_t pixel = 0; pixel < width * height; pixel += 65535)
      halves[i].pixels()[static_cast<std::size_t>(pixel)] = 400;
    paths[i] = folder.path(i == 0 ? "even.mrc" : "odd.mrc");
  }
  for (int i = 0; i < 2; ++i)
    write(folder, i == 0 ? "even.mrc" : "odd.mrc", halves[i], 1, 0);
  for (Image& half : halves)
    put_on_network_scale(half);
  Image sum = halves[0];
  for (std::size_t i = 0; i < sum.pixels().size(); ++i)
    sum.pixels()[i] += halves[1].pixels()[i];
  const DefectivePixels defects(sum, {});
  CHECK(defects.count() == 5);
  defects.repair_in_one(halves[0], halves[1]);
  const ImagePair pair = make_half_pairs({{paths[0], paths[1]}})->load(0);
  CHECK(std::ranges::equal(pair.input.pixels(), halves[0].pixels()));
  CHECK(std::ranges::equal(pair.target.pixels(), halves[1].pixels()));
}

TEST_CASE("pair source: a truth pair in memory is that of its files") {
  const TemporaryFolder folder;
  const Image clean = smooth_image(64, 64, 1);
  Image noisy = with_noise(clean, 2.0f, 1);
  noisy.at(3, 5) = 1000.0f;
  const auto source = make_truth_pairs(
      {{write(folder, "n.mrc", noisy, 1, 0), write(folder, "t.mrc", clean, 1, 0)}});
  const ImagePair expected = source->load(0);
  ImagePair pair;
  pair.input = noisy;
  pair.target = clean;
  finish_truth_pair(pair);
  CHECK(std::ranges::equal(pair.input.pixels(), expected.input.pixels()));
  CHECK(std::ranges::equal(pair.target.pixels(), expected.target.pixels()));
  CHECK(pair.loss_weight == expected.loss_weight);
  CHECK(pair.grey_offset == expected.grey_offset);
  CHECK(pair.grey_range == expected.grey_range);
}
