#include "plugin/patches/patch_cutting.h"

#include "core/base/hash.h"
#include "core/base/parallel.h"
#include "tests/support/catch.h"
#include "tests/support/training_pairs.h"

#include <cstring>
#include <vector>

using namespace limpid;

namespace {

PreparedDataset dataset_with(std::int64_t size_px, std::int64_t stride_px) {
  PreparedDataset dataset;
  dataset.patch_size_px = size_px;
  dataset.stride_px = stride_px;
  dataset.seed = 3;
  return dataset;
}

PatchedMicrograph grid_of(const Image& image, const PreparedDataset& dataset) {
  PatchedMicrograph micrograph;
  micrograph.columns = patches_along(image.width(), dataset.patch_size_px, dataset.stride_px);
  micrograph.rows = patches_along(image.height(), dataset.patch_size_px, dataset.stride_px);
  return micrograph;
}

struct Cut {
  std::vector<std::byte> input;
  std::vector<std::byte> target;
  PatchedMicrograph micrograph;
};

Cut cut(const ImagePair& pair, const PreparedDataset& dataset, std::uint64_t number) {
  Cut result;
  result.micrograph = grid_of(pair.input, dataset);
  PatchCutter(dataset, number).cut(pair, result.micrograph, [&](const PatchBytes& bytes) {
    result.input.insert(result.input.end(), bytes.input.begin(), bytes.input.end());
    result.target.insert(result.target.end(), bytes.target.begin(), bytes.target.end());
  });
  return result;
}

float value_at(const std::vector<std::byte>& bytes, std::int64_t index) {
  float value = 0;
  std::memcpy(&value, bytes.data() + static_cast<std::size_t>(index) * sizeof value, sizeof value);
  return value;
}

ImagePair noisy_later() {
  ImagePair pair;
  pair.input = test::smooth_image(20, 14, 1);
  for (float& value : pair.input.pixels())
    value = 0.5f + 0.2f * value;
  pair.target = pair.input;
  pair.noise = {.electrons_per_unit = 100.0f, .sigma = 0.05f};
  pair.noise_mean = 0.5;
  pair.noise_sigma = 0.15;
  return pair;
}

}  // namespace

TEST_CASE("patch cutting: patches follow each other along the rows of the grid") {
  const PreparedDataset dataset = dataset_with(8, 4);
  ImagePair pair;
  pair.input = test::smooth_image(20, 14, 1);
  pair.target = test::smooth_image(20, 14, 2);
  const Cut result = cut(pair, dataset, 0);
  REQUIRE(result.micrograph.columns == 4);
  REQUIRE(result.micrograph.rows == 2);
  REQUIRE(result.input.size() == 8 * dataset.patch_bytes());
  for (std::int64_t patch = 0; patch < 8; ++patch)
    for (std::int64_t i = 0; i < 64; ++i) {
      const std::int64_t x = patch % 4 * 4 + i % 8;
      const std::int64_t y = patch / 4 * 4 + i / 8;
      REQUIRE(value_at(result.input, 64 * patch + i) == pair.input.at(x, y));
      REQUIRE(value_at(result.target, 64 * patch + i) == pair.target.at(x, y));
    }
  CHECK(result.micrograph.input_xxh64 == content_hash(result.input));
  CHECK(result.micrograph.target_xxh64 == content_hash(result.target));
}

TEST_CASE("patch cutting: noise depends on seed, micrograph and patch, never on threads") {
  const PreparedDataset dataset = dataset_with(8, 4);
  const ImagePair pair = noisy_later();
  const int threads = thread_count();
  set_thread_count(1);
  const Cut one = cut(pair, dataset, 5);
  set_thread_count(4);
  const Cut four = cut(pair, dataset, 5);
  set_thread_count(threads);
  CHECK(one.input == four.input);
  CHECK(one.micrograph.mean == 0.5);
  CHECK(one.micrograph.sigma == 0.15);
  CHECK(cut(pair, dataset, 6).input != one.input);
  CHECK(cut(pair, dataset, 6).target == one.target);
  PreparedDataset other = dataset;
  other.seed = 4;
  CHECK(cut(pair, other, 5).input != one.input);
  // Pixel (4, 0) of patch 0 and pixel (0, 0) of patch 1 are one pixel of the micrograph.
  CHECK(value_at(one.target, 4) == value_at(one.target, 64));
  CHECK(value_at(one.input, 4) != value_at(one.input, 64));
}

TEST_CASE("patch cutting: half precision and targets alone take less space") {
  PreparedDataset dataset = dataset_with(8, 4);
  dataset.is_float16 = true;
  dataset.has_inputs = false;
  const Cut result = cut(noisy_later(), dataset, 0);
  CHECK(result.input.empty());
  CHECK(result.micrograph.input_xxh64.empty());
  CHECK(result.target.size() == 8 * 64 * 2);
}
