#include "plugin/run/run_evaluate.h"

#include "core/base/error.h"
#include "core/io/mrc_writer.h"
#include "core/metrics/reference_filters.h"
#include "plugin/job/job_json.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr std::int64_t side = 128;

class RecordingProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t count) override { item_count = count; }
  void item_finished(const ItemResult& result) override { items.push_back(result); }
  void training_step(std::int64_t, std::int64_t, double) override {}
  void note(std::string_view line) override { notes.emplace_back(line); }
  bool stop_requested() const override { return stops_after <= items.size(); }

  std::int64_t item_count = 0;
  std::size_t stops_after = 1000;
  std::vector<ItemResult> items;
  std::vector<std::string> notes;
};

void write(const std::string& path, const Image& image) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  MrcWriteOptions options;
  options.pixel_size_angstrom = 2.0;
  write_mrc(path, image, options);
}

// Two micrographs with particles, one without, their halves and what a filter makes of them.
struct Project {
  Project() {
    std::vector<double> gain(side / 2 + 1, 0.0);
    std::fill(gain.begin(), gain.begin() + 18, 1.0);
    for (const std::uint64_t i : {1, 2, 3}) {
      const std::string name = "m" + std::to_string(i);
      const Image truth = i == 3 ? Image(side, side, 4.0f) : blob_image(side, side, i);
      const Image even = sum_of(truth, noise_image(side, side, 3, 2 * i));
      const Image odd = sum_of(truth, noise_image(side, side, 3, 2 * i + 1));
      const Image noisy = linear_map(sum_of(even, odd), 0.5, 0);
      write(folder.path("raw/" + name + ".mrc"), noisy);
      write(folder.path("raw/" + name + "_EVN.mrc"), even);
      write(folder.path("raw/" + name + "_ODD.mrc"), odd);
      write(folder.path("truth/" + name + "_CLEAN.mrc"), truth);
      write(folder.path("out/" + name + ".mrc"), filter_rings(noisy, gain));
      write(folder.path("out/" + name + "_EVN.mrc"), filter_rings(even, gain));
      write(folder.path("out/" + name + "_ODD.mrc"), filter_rings(odd, gain));
    }
  }

  EvaluateJob job() const {
    EvaluateJob job;
    job.denoised.paths = {folder.path("out")};
    job.noisy.paths = {folder.path("raw")};
    return job;
  }
  EvaluateJob truth_job() const {
    EvaluateJob with_truth = job();
    with_truth.truth.paths = {folder.path("truth")};
    return with_truth;
  }

  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("run_evaluate: scores against a truth, apart where it has no particles") {
  const Project project;
  EvaluateJob job = project.truth_job();
  job.run.output_folder = project.folder.path();
  RecordingProgress progress;
  const RunSummary summary = run_evaluate(job, progress);
  CHECK(summary.done_count == 3);
  CHECK(progress.item_count == 3);
  CHECK_THAT(summary.result,
             ContainsSubstring("mean of 2") && ContainsSubstring("best Gaussian*") &&
                 ContainsSubstring("Truth without particles"));
  REQUIRE(progress.items.size() == 3);
  CHECK(progress.items[0].numbers.at("fitted_psnr_db") > 15);
  CHECK(progress.items[2].numbers.at("variance_left") < 0.1);
  CHECK(progress.items[2].numbers.count("psnr_db") == 0);
  CHECK(std::filesystem::exists(project.folder.path("evaluation.json")));
  CHECK(std::filesystem::exists(project.folder.path("evaluation.star")));
}

TEST_CASE("run_evaluate: what cannot be scored is reported, the rest is done") {
  const Project project;
  write(project.folder.path("out/m1.mrc"), Image(side, side - 1));
  project.folder.write("out/m2.mrc", "no image");
  write(project.folder.path("out/m4.mrc"), Image(side, side));
  RecordingProgress progress;
  const RunSummary summary = run_evaluate(project.truth_job(), progress);
  CHECK(summary.done_count == 1);
  CHECK(summary.failed_count == 3);
  REQUIRE(progress.items.size() == 4);
  CHECK(progress.items[0].state == ItemState::failed);
  CHECK_THAT(progress.items[0].reason,
             ContainsSubstring("out/m1.mrc' has 128 x 127 pixels") &&
                 ContainsSubstring("raw/m1.mrc' has 128 x 128"));
  CHECK_THAT(progress.items[1].reason, ContainsSubstring("out/m2.mrc"));
  CHECK(progress.items[2].state == ItemState::done);
  CHECK_THAT(progress.items[3].reason, ContainsSubstring("there is no 'm4' or 'm4_CLEAN'"));
  CHECK_THAT(plan_evaluate(project.truth_job()),
             ContainsSubstring("1 of 4 micrographs would be scored"));
}

TEST_CASE("run_evaluate: halves are found beside the micrographs, or given") {
  const Project project;
  RecordingProgress progress;
  const RunSummary summary = run_evaluate(project.job(), progress);
  CHECK(summary.done_count == 3);
  CHECK_THAT(summary.result, ContainsSubstring("raw halves") && ContainsSubstring("excess"));
  const auto& numbers = progress.items.at(0).numbers;
  CHECK(numbers.at("snr_half_db") > 0);

  EvaluateJob given;
  given.denoised.paths = {project.folder.path("raw")};
  given.denoised_even.paths = {project.folder.path("out/*_EVN.mrc")};
  given.denoised_odd.paths = {project.folder.path("out/*_ODD.mrc")};
  RecordingProgress again;
  run_evaluate(given, again);
  REQUIRE(again.items.size() == 3);
  CHECK(again.items[0].numbers == numbers);
}

TEST_CASE("run_evaluate: halves that are missing or the same are refused") {
  const Project project;
  EvaluateJob job = project.job();
  job.noisy = {};
  RecordingProgress progress;
  CHECK(run_evaluate(job, progress).failed_count == 3);
  CHECK_THAT(progress.items.at(0).reason, ContainsSubstring("both a raw and a denoised half"));

  std::filesystem::remove(project.folder.path("out/m1_ODD.mrc"));
  RecordingProgress missing;
  run_evaluate(project.job(), missing);
  CHECK_THAT(missing.items.at(0).reason, ContainsSubstring("no denoised halves beside"));

  job.denoised_even.paths = {project.folder.path("out")};
  CHECK_THROWS_WITH(run_evaluate(job, progress), ContainsSubstring("needed together"));
}

TEST_CASE("run_evaluate: without the noisy micrographs it says what is missing") {
  const Project project;
  EvaluateJob job = project.truth_job();
  job.noisy = {};
  RecordingProgress progress;
  const RunSummary summary = run_evaluate(job, progress);
  CHECK(summary.done_count == 2);  // the constant truth needs the noisy image
  REQUIRE(progress.notes.size() == 1);
  CHECK_THAT(progress.notes[0], ContainsSubstring("Without --noisy"));
}

TEST_CASE("run_evaluate: stops between micrographs when asked to") {
  const Project project;
  RecordingProgress progress;
  progress.stops_after = 1;
  try {
    run_evaluate(project.truth_job(), progress);
    FAIL("it went on");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  CHECK(progress.items.size() == 1);
}

TEST_CASE("run_evaluate: filters that know no truth go through the same tables and pictures") {
  const Project project;
  EvaluateJob job = project.truth_job();
  job.baselines = true;
  job.run.output_folder = project.folder.path();
  RecordingProgress progress;
  const RunSummary summary = run_evaluate(job, progress);
  CHECK_THAT(summary.result,
             ContainsSubstring("Gaussian, halves") && ContainsSubstring("Wiener, halves") &&
                 ContainsSubstring("What was removed"));
  REQUIRE(summary.page);
  // Of the first the five results, of another the denoised one.
  CHECK(summary.page->pictures.size() == 6);
  CHECK(summary.page->pictures[0].panels.size() == 4);
  CHECK(progress.items.at(0).numbers.contains("seam"));
  CHECK(summary.page->numbers.front().sentence.find("noisy") != std::string::npos);

  job = project.job();
  job.baselines = true;
  RecordingProgress halves;
  const RunSummary from_halves = run_evaluate(job, halves);
  CHECK_THAT(from_halves.result,
             ContainsSubstring("raw halves") && ContainsSubstring("Wiener, halves"));
  CHECK_FALSE(from_halves.page);
}

TEST_CASE("run_evaluate: without truth and denoised halves, what was removed is looked at") {
  const Project project;
  for (const char* name : {"m1", "m2", "m3"})
    for (const char* half : {"_EVN.mrc", "_ODD.mrc"})
      std::filesystem::remove(project.folder.path("out/" + std::string(name) + half));
  EvaluateJob job = project.job();
  RecordingProgress progress;
  CHECK(run_evaluate(job, progress).failed_count == 3);
  job.baselines = true;
  job.run.output_folder = project.folder.path();
  const RunSummary summary = run_evaluate(job, progress);
  CHECK(summary.done_count == 3);
  REQUIRE(summary.page);
  CHECK_THAT(summary.page->unknown.at(0), ContainsSubstring("there is no truth"));
  CHECK(summary.page->tables.size() == 1);

  // Filters that are chosen from halves which share noise keep it.
  std::filesystem::copy_file(project.folder.path("raw/m2_EVN.mrc"),
                             project.folder.path("raw/m2_ODD.mrc"),
                             std::filesystem::copy_options::overwrite_existing);
  RecordingProgress shared;
  run_evaluate(job, shared);
  REQUIRE(shared.notes.size() == 2);
  CHECK_THAT(shared.notes[1],
             ContainsSubstring("m2") && ContainsSubstring("not independent") &&
                 ContainsSubstring("filters that are chosen from them keep it"));
}

TEST_CASE("run_evaluate: particles in what was removed are found at the picks") {
  const Project project;
  // The denoised image without anything of the truth: all particles are removed.
  const Image flat = noise_image(side, side, 0.01, 50);
  std::string picks =
      "data_particles\n\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n";
  Image noisy(side, side, 0.0f);
  for (int row = 0; row < 5; ++row)
    for (int column = 0; column < 5; ++column) {
      const int x = 20 + 21 * column, y = 20 + 21 * row;
      for (int dy = -3; dy <= 3; ++dy)
        for (int dx = -3; dx <= 3; ++dx)
          noisy.at(x + dx, y + dy) = -2;
      picks += "job002/raw/m1.mrc " + std::to_string(x) + " " + std::to_string(y) + "\n";
    }
  write(project.folder.path("raw/m1.mrc"), sum_of(noisy, noise_image(side, side, 0.5, 51)));
  write(project.folder.path("out/m1.mrc"), flat);
  project.folder.write("picks.star", picks);
  EvaluateJob job = project.truth_job();
  job.coordinates = project.folder.path("picks.star");
  job.particle_diameter_angstrom = 20;
  job.run.output_folder = project.folder.path();
  RecordingProgress progress;
  const RunSummary summary = run_evaluate(job, progress);
  const auto& numbers = progress.items.at(0).numbers;
  CHECK(numbers.at("residual_at_picks_sigmas") > 5);
  CHECK(numbers.at("residual_at_picks_fraction") == Approx(1).margin(0.1));
  CHECK_FALSE(progress.items.at(1).numbers.contains("residual_at_picks_sigmas"));
  REQUIRE(summary.page->strips.size() == 1);
  CHECK_THAT(summary.page->strips[0].title, ContainsSubstring("25 picks"));

  project.folder.write("bad.star", "data_\n\nloop_\n_rlnMicrographName\nm1.mrc\n");
  job.coordinates = project.folder.path("bad.star");
  CHECK_THROWS_WITH(run_evaluate(job, progress),
                    ContainsSubstring("bad.star") && ContainsSubstring("rlnCoordinateX"));
}

TEST_CASE("run_evaluate: the folder of another job is refused, its own is not") {
  const TemporaryFolder folder;
  EvaluateJob job;
  CHECK_NOTHROW(forbid_foreign_folder(job));
  job.run.output_folder = folder.path();
  CHECK_NOTHROW(forbid_foreign_folder(job));
  folder.write("job.json", to_json(DenoiseJob{}));
  CHECK_THROWS_WITH(forbid_foreign_folder(job), ContainsSubstring("belongs to another job"));
  folder.write("job.json", "{}");
  CHECK_THROWS(forbid_foreign_folder(job));
  folder.write("job.json", to_json(job));
  CHECK_NOTHROW(forbid_foreign_folder(job));
}
