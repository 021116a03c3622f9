#include "core/data/prepared_pairs.h"

#include "core/base/error.h"
#include "core/io/half.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <cmath>
#include <span>
#include <string>
#include <vector>

using namespace limpid;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t size_px = 4;

PatchedMicrograph micrograph(const std::string& name, std::int64_t first_patch) {
  PatchedMicrograph result;
  result.name = name;
  result.width_px = 8;   // 3 columns
  result.height_px = 6;  // 2 rows
  result.first_patch = first_patch;
  result.columns = 3;
  result.rows = 2;
  result.mean = 10;
  result.sigma = 2;
  result.grey_offset = 100;
  result.grey_range = 5;
  return result;
}

PreparedDataset dataset_of_three() {
  PreparedDataset dataset;
  dataset.patch_size_px = size_px;
  dataset.stride_px = 2;
  dataset.pairs = "simulated";
  dataset.noise = {.electrons_per_unit = 100.0f, .sigma = 0.05f};
  dataset.train = {micrograph("a", 0), micrograph("b", 6)};
  dataset.test = {micrograph("c", 0)};
  return dataset;
}

// Patch n of a file is filled with base + n.
void write(const test::TemporaryFolder& folder,
           const PreparedDataset& dataset,
           PatchSetKind set,
           PatchRole role,
           float base) {
  const std::int64_t count = dataset.patch_count(set);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count * size_px * size_px; ++i)
    values.push_back(base + static_cast<float>(i / (size_px * size_px)));
  std::vector<std::uint16_t> halves(values.size());
  float_to_half(values, halves);
  folder.write(
      patch_file_name(set, role),
      dataset.is_float16 ? std::as_bytes(std::span(halves)) : std::as_bytes(std::span(values)));
}

void write_all(const test::TemporaryFolder& folder, const PreparedDataset& dataset) {
  write(folder, dataset, PatchSetKind::train, PatchRole::target, 20);
  write(folder, dataset, PatchSetKind::test, PatchRole::target, 40);
  if (!dataset.has_inputs)
    return;
  write(folder, dataset, PatchSetKind::train, PatchRole::input, 60);
  write(folder, dataset, PatchSetKind::test, PatchRole::input, 80);
}

}  // namespace

TEST_CASE("prepared pairs: patches know their micrograph and place") {
  const PreparedDataset dataset = dataset_of_three();
  const PatchOrigin fifth = origin_of_patch(dataset, 10);
  CHECK(fifth.set == PatchSetKind::train);
  CHECK(fifth.number == 10);
  CHECK(fifth.micrograph->name == "b");
  CHECK(fifth.x_px == 2);
  CHECK(fifth.y_px == 2);
  CHECK(origin_of_patch(dataset, 12).set == PatchSetKind::test);
  CHECK(origin_of_patch(dataset, 12).number == 0);
  CHECK_THROWS_AS(origin_of_patch(dataset, 18), Error);
  CHECK_THROWS_AS(origin_of_patch(dataset, -1), Error);
}

TEST_CASE("prepared pairs: stored inputs and targets are normalized alike, in both precisions") {
  for (const bool is_float16 : {false, true}) {
    const test::TemporaryFolder folder;
    PreparedDataset dataset = dataset_of_three();
    dataset.is_float16 = is_float16;
    write_all(folder, dataset);
    const auto pairs = make_prepared_pairs(folder.path(), dataset);
    REQUIRE(pairs->count() == 18);
    const ImagePair train = pairs->load(7);
    CHECK(train.input.at(3, 3) == (60.0f + 7 - 10) / 2);
    CHECK(train.target.at(0, 0) == (20.0f + 7 - 10) / 2);
    CHECK(train.noise.sigma == 0.0f);
    // The grey value behind a stored 27: 100 + 5 * 27.
    CHECK(train.grey_offset + train.grey_range * 8.5 == 235);
    CHECK(pairs->load(12).input.at(0, 0) == (80.0f - 10) / 2);
    CHECK_THAT(pairs->name(12), Contains("test patch 0 (c at x 0, y 0)"));
    CHECK(pairs->size(3).width == size_px);
  }
}

TEST_CASE("prepared pairs: without inputs the noise is left to whoever uses them") {
  const test::TemporaryFolder folder;
  PreparedDataset dataset = dataset_of_three();
  dataset.has_inputs = false;
  write_all(folder, dataset);
  const ImagePair pair = make_prepared_pairs(folder.path(), dataset)->load(1);
  CHECK(pair.input.at(0, 0) == 21.0f);
  CHECK(pair.target.empty());  // the same
  CHECK(pair.noise.sigma == 0.05f);
  CHECK(pair.noise_mean == 10);
  CHECK(pair.noise_sigma == 2);
}

TEST_CASE("prepared pairs: a file that shrinks and values that are no numbers are named") {
  const test::TemporaryFolder folder;
  const PreparedDataset dataset = dataset_of_three();
  write_all(folder, dataset);
  const auto pairs = make_prepared_pairs(folder.path(), dataset);
  CHECK(pairs->files(11) ==
        std::vector<std::string>{folder.path("train_input.bin"), folder.path("train_target.bin")});
  CHECK(pairs->files(13).front() == folder.path("test_input.bin"));
  std::filesystem::resize_file(folder.path("train_input.bin"), 100);
  CHECK_THROWS_WITH(pairs->load(11), Contains("train_input.bin"));
  write(folder, dataset, PatchSetKind::test, PatchRole::input, std::nanf(""));
  CHECK_THROWS_WITH(make_prepared_pairs(folder.path(), dataset)->load(13),
                    Contains("test_input.bin': patch 1 has values that are not finite"));
}
