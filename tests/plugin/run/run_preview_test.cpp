#include "plugin/run/run_preview.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/io/mrc_writer.h"
#include "tests/support/catch.h"
#include "tests/support/decoded_png.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

class RecordingProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t count) override { item_count = count; }
  void item_finished(const ItemResult& result) override { items.push_back(result); }
  void training_step(std::int64_t, std::int64_t, double) override {}
  void note(std::string_view) override {}
  bool stop_requested() const override { return items.size() >= stops_after; }

  std::int64_t item_count = 0;
  std::size_t stops_after = 1000;
  std::vector<ItemResult> items;
};

void write_noise(const std::string& path, std::int64_t width, double sigma) {
  Image image(width, 80, 5.0f);
  RandomSequence random(1, 1);
  for (float& pixel : image.pixels())
    pixel += static_cast<float>(sigma * random.normal());
  MrcWriteOptions options;
  options.pixel_size_angstrom = 1.5;
  write_mrc(path, image, options);
}

struct Project {
  Project() {
    for (const char* sub : {"raw", "den"})
      std::filesystem::create_directory(folder.path(sub));
    for (const char* name : {"a.mrc", "b.mrc", "c.mrc"}) {
      write_noise(folder.path("raw/" + std::string(name)), 96, 2);
      write_noise(folder.path("den/" + std::string(name)), 96, 0.5);
    }
    job.input.paths = {folder.path("raw")};
    job.denoised_folder = folder.path("den");
    job.picture_count = 3;
  }

  RunSummary run(RecordingProgress& progress) const {
    const OutputFolder output(folder.path("out"));
    return run_preview(job, output, progress);
  }
  RunSummary run() const {
    RecordingProgress progress;
    return run(progress);
  }

  std::vector<std::string> pictures() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path("out")))
      if (entry.path().extension() == ".png")
        paths.push_back(entry.path().string());
    return paths;
  }

  TemporaryFolder folder;
  PreviewJob job;
};

}  // namespace

TEST_CASE("preview: a picture for each micrograph, with its numbers") {
  const Project project;
  RecordingProgress progress;
  const RunSummary summary = project.run(progress);
  CHECK(summary.done_count == 3);
  CHECK(progress.item_count == 3);
  REQUIRE(progress.items.size() == 3);
  CHECK(progress.items[0].numbers.at("raw_sigma") == Approx(2).epsilon(0.05));
  // The denoised file is the same noise, four times fainter.
  CHECK(progress.items[0].numbers.at("removed_sigma") == Approx(1.5).epsilon(0.05));
  CHECK(progress.items[0].numbers.at("denoised_removed_correlation") == Approx(1).epsilon(1e-4));
  const std::vector<std::string> pictures = project.pictures();
  REQUIRE(pictures.size() == 3);
  for (const std::string& path : pictures) {
    CHECK(DecodedPng(content_of(path)).width() > 900);
    CHECK(summary.result.find(std::filesystem::path(path).filename().string()) !=
          std::string::npos);
  }
}

TEST_CASE("preview: finished pictures are kept until a file changes or redo is asked for") {
  Project project;
  project.run();
  CHECK(project.run().skipped_count == 3);
  write_noise(project.folder.path("den/b.mrc"), 96, 0.7);
  const RunSummary changed = project.run();
  CHECK(changed.done_count == 1);
  CHECK(changed.skipped_count == 2);
  project.job.run.redo = true;
  CHECK(project.run().done_count == 3);
}

TEST_CASE("preview: files that do not fit together fail alone and say why") {
  const Project project;
  write_noise(project.folder.path("den/a.mrc"), 64, 1);
  project.folder.write("den/b.mrc", "no micrograph");
  RecordingProgress progress;
  const RunSummary summary = project.run(progress);
  CHECK(summary.done_count == 1);
  CHECK(summary.failed_count == 2);
  CHECK(project.pictures().size() == 1);
  REQUIRE(progress.items.size() == 3);
  CHECK(progress.items[0].state == ItemState::failed);
  CHECK_THAT(progress.items[0].reason, ContainsSubstring("64 x 80"));
  CHECK_THAT(progress.items[1].reason, ContainsSubstring("b.mrc"));
}

TEST_CASE("preview: without a denoised folder the model is applied") {
  Project project;
  project.job.denoised_folder.clear();
  project.job.picture_count = 1;
  project.job.model = project.folder.path("small.safetensors");
  project.job.run.device.kind = DeviceKind::cpu;
  save_model(project.job.model, small_model());
  RecordingProgress progress;
  CHECK(project.run(progress).done_count == 1);
  CHECK(progress.items.at(0).numbers.at("raw_sigma") == Approx(2).epsilon(0.05));
  CHECK(project.run().skipped_count == 1);
}

TEST_CASE("preview: a stop leaves whole pictures and says how to go on") {
  const Project project;
  RecordingProgress progress;
  progress.stops_after = 1;
  CHECK_THROWS_WITH(project.run(progress), ContainsSubstring("1 pictures are made"));
  CHECK(project.pictures().size() == 1);
  CHECK(project.run().skipped_count == 1);
}

TEST_CASE("preview: the folder of the denoise run is not written to") {
  Project project;
  const OutputFolder output(project.folder.path("den"));
  RecordingProgress progress;
  CHECK_THROWS_WITH(run_preview(project.job, output, progress), ContainsSubstring("den"));
}

TEST_CASE("preview: a plan names the pictures") {
  const Project project;
  const std::string plan = plan_preview(project.job);
  CHECK_THAT(plan, ContainsSubstring("3 pictures"));
  CHECK_THAT(plan, ContainsSubstring("c.png"));
}
