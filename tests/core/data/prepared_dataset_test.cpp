#include "core/data/prepared_dataset.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <string>

using namespace limpid;
using Catch::Matchers::Contains;

namespace {

PatchedMicrograph micrograph(std::int64_t first_patch) {
  return {.name = "mics/a \"b\".mrc",
          .width_px = 10,
          .height_px = 7,
          .pixel_size_angstrom = 0.66,
          .first_patch = first_patch,
          .columns = 4,
          .rows = 2,
          .grey_offset = -3.25,
          .grey_range = 70,
          .mean = 0.5,
          .sigma = 0.125,
          .loss_weight = 1,
          .input_xxh64 = "0123456789abcdef",
          .target_xxh64 = "fedcba9876543210"};
}

PreparedDataset small_dataset() {
  PreparedDataset dataset;
  dataset.patch_size_px = 4;
  dataset.stride_px = 2;
  dataset.pairs = "simulated";
  dataset.noise = {.electrons_per_unit = 100.0f, .sigma = 0.05f};
  dataset.seed = 18446744073709551615ull;
  dataset.program = "limpid 1";
  dataset.train = {micrograph(0), micrograph(8)};
  dataset.test = {micrograph(0)};
  return dataset;
}

// With files of the right sizes.
void write(const PreparedDataset& dataset, const test::TemporaryFolder& folder) {
  for (const PatchSetKind set : {PatchSetKind::train, PatchSetKind::test})
    for (const PatchRole role : {PatchRole::input, PatchRole::target})
      if (dataset.has_file(set, role))
        folder.write(
            patch_file_name(set, role),
            std::string(static_cast<std::size_t>(dataset.patch_count(set)) * dataset.patch_bytes(),
                        '\0'));
  folder.write(PreparedDataset::description_name, to_json(dataset));
}

std::string message_of(const std::string& folder) {
  try {
    read_prepared_dataset(folder);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("prepared dataset: the grid of the reference data has 169 patches a micrograph") {
  CHECK(patches_along(7420, 1024, 512) * patches_along(7676, 1024, 512) == 169);
  CHECK(patches_along(1024, 1024, 512) == 1);
  CHECK(patches_along(1023, 1024, 512) == 0);
  CHECK(patches_along(1536, 1024, 512) == 2);
}

TEST_CASE("prepared dataset: a description is read back as it was written") {
  const test::TemporaryFolder folder;
  const PreparedDataset dataset = small_dataset();
  write(dataset, folder);
  const PreparedDataset read = read_prepared_dataset(folder.path());
  CHECK(to_json(read) == to_json(dataset));
  CHECK(read.patch_count(PatchSetKind::train) == 16);
  CHECK(read.train[1].name == "mics/a \"b\".mrc");
  CHECK(read.noise.sigma == 0.05f);
  CHECK(read.seed == dataset.seed);
}

TEST_CASE("prepared dataset: without inputs and without a test set there are no such files") {
  const test::TemporaryFolder folder;
  PreparedDataset dataset = small_dataset();
  dataset.has_inputs = false;
  dataset.is_float16 = true;
  dataset.test.clear();
  write(dataset, folder);
  CHECK(folder.file_count() == 2);
  CHECK(to_json(read_prepared_dataset(folder.path())) == to_json(dataset));
}

TEST_CASE("prepared dataset: files of another size, or none, are refused by name") {
  const test::TemporaryFolder folder;
  write(small_dataset(), folder);
  folder.write("train_input.bin", std::string(16 * 64 - 1, '\0'));
  CHECK_THAT(message_of(folder.path()), Contains("train_input.bin': 1023 bytes, expected 1024"));
  folder.write("train_input.bin", std::string(16 * 64, '\0'));
  CHECK(message_of(folder.path()) == "accepted");
  std::filesystem::remove(folder.path("test_target.bin"));
  CHECK_THAT(message_of(folder.path()), Contains("test_target.bin': No such file"));
  std::filesystem::remove(folder.path(PreparedDataset::description_name));
  CHECK_THAT(message_of(folder.path()), Contains("there is no patches.json"));
}

TEST_CASE("prepared dataset: descriptions that contradict themselves are refused") {
  const test::TemporaryFolder folder;
  write(small_dataset(), folder);
  const std::string good = to_json(small_dataset());
  const auto with = [&](const std::string& old, const std::string& changed) {
    std::string text = good;
    const std::size_t at = text.find(old);
    REQUIRE(at != std::string::npos);
    folder.write(PreparedDataset::description_name, text.replace(at, old.size(), changed));
    return message_of(folder.path());
  };
  CHECK_THAT(with("\"version\": 1", "\"version\": 2"), Contains("version 2, expected"));
  CHECK_THAT(with("<f4", ">f4"), Contains("dtype is '>f4'"));
  CHECK_THAT(with("\"columns\":4", "\"columns\":5"), Contains("do not fit"));
  CHECK_THAT(with("\"first_patch\":8", "\"first_patch\":9"), Contains("do not fit"));
  CHECK_THAT(with("\"patch_count\": 16", "\"patch_count\": 15"), Contains("patch_count is 15"));
  CHECK_THAT(with("\"sigma\":0.125", "\"sigma\":0"), Contains("sigma is 0"));
  CHECK_THAT(with("\"stride_px\": 2", "\"stride_px\": -2"), Contains("stride_px is -2"));
  CHECK_THAT(with("\"patch_size_px\": 4", "\"patch_size_px\": \"4\""), Contains("patch_size_px"));
  CHECK_THAT(with("\"seed\": ", "\"sead\": "), Contains("'seed' is missing"));
  CHECK_THAT(with("{", "["), Contains("patches.json"));
}
