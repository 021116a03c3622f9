#include "core/data/watched_pairs.h"

#include "core/base/error.h"
#include "core/io/mrc.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/training_pairs.h"

#include <chrono>
#include <filesystem>

using namespace limpid;
using namespace limpid::test;

TEST_CASE("watched pairs: a file of many pairs is looked at for each of them") {
  // As prepared patches are: all in one file.
  class SharedFile : public MemoryPairs {
   public:
    explicit SharedFile(std::string path) : MemoryPairs(3, 40, 40), path_(std::move(path)) {}
    std::vector<std::string> files(std::int64_t) const override { return {path_}; }

   private:
    std::string path_;
  };
  const TemporaryFolder folder;
  const std::string path = folder.path("train_target.bin");
  write_mrc(path, smooth_image(64, 48, 1), {});
  const auto source = watch_files(std::make_unique<SharedFile>(path));
  CHECK(source->load(2).input.width() == 40);
  std::filesystem::resize_file(path, 100);
  for (const std::int64_t index : {0, 1, 2})
    CHECK_THROWS_WITH(source->load(index),
                      ContainsSubstring("train_target.bin") && ContainsSubstring("has 100"));
}

TEST_CASE("watched pairs: a file that changes is named and not used any more") {
  const TemporaryFolder folder;
  const auto path = [&](int i) { return folder.path(std::to_string(i) + ".mrc"); };
  for (int i = 0; i < 4; ++i)
    write_mrc(
        path(i), with_noise(smooth_image(64, 48, 1), 1.0f, static_cast<std::uint64_t>(i)), {});
  const auto source = watch_files(make_half_pairs({{path(0), path(1)}, {path(2), path(3)}}));
  CHECK(source->load(0).input.width() == 64);
  const auto bytes = std::filesystem::file_size(path(1));
  std::filesystem::resize_file(path(1), bytes - 100);
  CHECK_THROWS_WITH(source->load(0),
                    ContainsSubstring("1.mrc") &&
                        ContainsSubstring("had " + std::to_string(bytes) + " bytes") &&
                        ContainsSubstring("has " + std::to_string(bytes - 100)));
  CHECK(source->load(1).input.width() == 64);
  std::filesystem::last_write_time(
      path(2), std::filesystem::last_write_time(path(2)) + std::chrono::seconds(5));
  CHECK_THROWS_WITH(source->load(1), ContainsSubstring("2.mrc") && ContainsSubstring("written to"));
  std::filesystem::remove(path(3));
  std::filesystem::remove(path(0));
  CHECK_THROWS_WITH(source->load(0), ContainsSubstring("cannot be read now"));
}
