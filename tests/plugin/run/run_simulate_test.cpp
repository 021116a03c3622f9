#include "plugin/run/run_simulate.h"

#include "core/base/error.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc_reader.h"
#include "core/io/star.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/simulated_project/micrograph_record.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

namespace fs = std::filesystem;

class RecordedProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t item_count) override { announced_count = item_count; }
  void item_finished(const ItemResult& result) override {
    std::lock_guard lock(mutex_);
    items.push_back(result);
  }
  void training_step(std::int64_t, std::int64_t, double) override {}
  void note(std::string_view) override {}
  bool stop_requested() const override {
    std::lock_guard lock(mutex_);
    return items.size() >= stop_after;
  }

  std::int64_t announced_count = 0;
  std::vector<ItemResult> items;
  std::size_t stop_after = 1000;

 private:
  mutable std::mutex mutex_;
};

SimulateJob small_job(const std::string& folder) {
  SimulateJob job;
  job.run.output_folder = folder;
  job.run.seed = 3;
  job.run.threads = 2;
  job.micrograph_count = 3;
  job.width_px = 96;
  job.height_px = 80;
  job.pixel_size_angstrom = 2.5;
  job.frame_count = 5;
  return job;
}

RunSummary run(const SimulateJob& job, Progress& progress) {
  const OutputFolder output(job.run.output_folder);
  return run_simulate(job, output, progress);
}

RunSummary run(const SimulateJob& job) {
  RecordedProgress progress;
  return run(job, progress);
}

// Content of every file that a project consists of, by its name below the folder.
std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && !name.starts_with("."))
      files[name] = content_of(entry.path().string());
  }
  return files;
}

std::vector<std::string> names(const std::map<std::string, std::string>& files) {
  std::vector<std::string> result;
  for (const auto& [name, content] : files)
    result.push_back(name);
  return result;
}

Image read_image(const TemporaryFolder& folder, std::string_view name) {
  return read_micrograph(folder.path(name)).pixels;
}

}  // namespace

TEST_CASE("simulate: a project holds images, records and lists") {
  const TemporaryFolder folder;
  RecordedProgress progress;
  const RunSummary summary = run(small_job(folder.path()), progress);
  CHECK(summary.done_count == 3);
  CHECK(summary.skipped_count == 0);
  CHECK(summary.result.find("micrographs.star") != std::string::npos);
  CHECK(progress.announced_count == 3);
  REQUIRE(progress.items.size() == 3);
  CHECK(progress.items.front().numbers.at("snr_per_px") > 0);

  std::vector<std::string> expected = {
      "Movies/sim_0001.mrcs", "micrographs.star", "movies.star", "particles.star", "truth.star"};
  for (const char* number : {"1", "2", "3"})
    for (const char* ending : {".json", ".mrc", "_CLEAN.mrc", "_EVN.mrc", "_ODD.mrc"})
      expected.push_back(std::string("Micrographs/sim_000") + number + ending);
  std::sort(expected.begin(), expected.end());
  CHECK(names(contents(folder.path())) == expected);
}

TEST_CASE("simulate: halves and frames add up to the micrograph, whose truth is its expectation") {
  const TemporaryFolder folder;
  run(small_job(folder.path()));
  const Image whole = read_image(folder, "Micrographs/sim_0001.mrc");
  const Image even = read_image(folder, "Micrographs/sim_0001_EVN.mrc");
  const Image odd = read_image(folder, "Micrographs/sim_0001_ODD.mrc");
  const Image truth = read_image(folder, "Micrographs/sim_0001_CLEAN.mrc");
  REQUIRE(whole.width() == 96);
  REQUIRE(whole.height() == 80);
  std::vector<float> frame_sum(whole.pixels().size());
  MrcReader movie(folder.path("Movies/sim_0001.mrcs"));
  CHECK(movie.header().mode == MrcMode::int8);
  REQUIRE(movie.header().section_count == 5);
  for (std::int64_t section = 0; section < 5; ++section) {
    const Image frame = movie.read_section(section);
    for (std::size_t i = 0; i < frame_sum.size(); ++i)
      frame_sum[i] += frame.pixels()[i];
  }
  double difference = 0;
  double square = 0;
  for (std::size_t i = 0; i < frame_sum.size(); ++i) {
    // Counts, exact in float.
    REQUIRE(even.pixels()[i] + odd.pixels()[i] == whole.pixels()[i]);
    REQUIRE(frame_sum[i] == whole.pixels()[i]);
    const double noise = whole.pixels()[i] - truth.pixels()[i];
    difference += noise;
    square += noise * noise;
  }
  // Shot noise: the mean error of 7680 pixels within five standard errors.
  const auto count = static_cast<double>(frame_sum.size());
  CHECK(std::abs(difference / count) < 5 * std::sqrt(square / count / count));
  CHECK(read_micrograph(folder.path("Micrographs/sim_0001.mrc")).pixel_size_angstrom ==
        Approx(2.5));
}

TEST_CASE("simulate: the lists name the files, and the truth row by row") {
  const TemporaryFolder folder;
  run(small_job(folder.path()));
  const StarFile list = StarFile::read(folder.path("micrographs.star"));
  const StarFile truth = StarFile::read(folder.path("truth.star"));
  const StarTable& micrographs = list.table("micrographs");
  const StarTable& truths = truth.table("micrographs");
  CHECK(list.table("optics").row_count() == 1);
  REQUIRE(micrographs.row_count() == 3);
  REQUIRE(truths.row_count() == 3);
  for (std::int64_t row = 0; row < 3; ++row) {
    const auto clean = micrographs.cell(row, micrographs.column("limpidTruthName"));
    CHECK(truths.cell(row, truths.column("rlnMicrographName")) == clean);
    CHECK(fs::exists(folder.path(clean)));
    CHECK(fs::exists(
        folder.path(micrographs.cell(row, micrographs.column("rlnMicrographNameEven")))));
  }
  CHECK(StarFile::read(folder.path("movies.star")).table("movies").row_count() == 1);

  const StarFile particle_list = StarFile::read(folder.path("particles.star"));
  const StarTable& particles = particle_list.table("particles");
  std::int64_t recorded = 0;
  for (const char* name : {"sim_0001", "sim_0002", "sim_0003"}) {
    const auto record =
        parse_record(content_of(folder.path(std::string("Micrographs/") + name + ".json")));
    REQUIRE(record);
    recorded += static_cast<std::int64_t>(record->particles.size());
  }
  CHECK(recorded > 0);
  CHECK(particles.row_count() == recorded);

  // As `denoise` and `train` see them from another folder.
  MicrographInput input;
  input.star_file = folder.path("micrographs.star");
  const MicrographTable table = MicrographTable::read(input);
  REQUIRE(table.entries().size() == 3);
  for (const MicrographEntry& entry : table.entries()) {
    CHECK(fs::exists(entry.path));
    CHECK(fs::exists(entry.even_path));
    CHECK(fs::exists(entry.odd_path));
    CHECK(fs::exists(entry.truth_path));
    CHECK(entry.pixel_size_angstrom == Approx(2.5));
  }
}

TEST_CASE("simulate: the bytes do not depend on the number of threads") {
  SimulateJob job;
  SECTION("of a project") {}
  SECTION("of a diverse set") {
    job.diverse = true;
  }
  const TemporaryFolder one, two;
  SimulateJob base = small_job(one.path());
  base.diverse = job.diverse;
  base.run.threads = 1;
  run(base);
  base.run.output_folder = two.path();
  base.run.threads = 2;
  run(base);
  CHECK(contents(one.path()) == contents(two.path()));
  // Few micrographs: both threads work on one.
  const TemporaryFolder three;
  base.run.output_folder = three.path();
  base.micrograph_count = 1;
  run(base);
  CHECK(contents(three.path()).at("Micrographs/sim_0001.mrc") ==
        contents(one.path()).at("Micrographs/sim_0001.mrc"));
}

TEST_CASE("simulate: a second run keeps what is finished and makes what is missing") {
  const TemporaryFolder folder;
  SimulateJob job = small_job(folder.path());
  run(job);
  const auto before = contents(folder.path());

  CHECK(run(job).skipped_count == 3);
  CHECK(contents(folder.path()) == before);

  fs::remove(folder.path("Micrographs/sim_0002_ODD.mrc"));
  folder.write("Micrographs/sim_0003.json", "{\"fingerprint\": \"cut");
  const RunSummary repaired = run(job);
  CHECK(repaired.skipped_count == 1);
  CHECK(repaired.done_count == 2);
  CHECK(contents(folder.path()) == before);

  job.micrograph_count = 4;
  CHECK(run(job).done_count == 1);
  job.run.redo = true;
  CHECK(run(job).done_count == 4);
}

TEST_CASE("simulate: other settings replace micrographs and leave nothing of the old ones") {
  const TemporaryFolder folder;
  SimulateJob job = small_job(folder.path());
  run(job);
  const auto before = contents(folder.path());
  job.write_halves = false;
  job.write_movie = false;
  job.run.seed = 4;
  CHECK(run(job).done_count == 3);
  const auto after = contents(folder.path());
  CHECK_FALSE(after.contains("Micrographs/sim_0001_EVN.mrc"));
  CHECK_FALSE(after.contains("Movies/sim_0001.mrcs"));
  CHECK_FALSE(after.contains("movies.star"));
  CHECK(after.at("Micrographs/sim_0002.mrc") != before.at("Micrographs/sim_0002.mrc"));
  const StarFile list = StarFile::read(folder.path("micrographs.star"));
  CHECK_FALSE(list.table("micrographs").find_column("rlnMicrographNameEven"));
}

TEST_CASE("simulate: half precision where the values fit") {
  const TemporaryFolder folder;
  SimulateJob job = small_job(folder.path());
  job.float16 = true;
  job.micrograph_count = 1;
  run(job);
  CHECK(MrcReader(folder.path("Micrographs/sim_0001.mrc")).header().mode == MrcMode::float16);
  CHECK(MrcReader(folder.path("Micrographs/sim_0001_CLEAN.mrc")).header().mode == MrcMode::float16);
  job.dose_e_per_square_angstrom = 1000;
  job.pixel_size_angstrom = 15;
  run(job);
  CHECK(MrcReader(folder.path("Micrographs/sim_0001.mrc")).header().mode == MrcMode::float32);
}

TEST_CASE("simulate: a stopped run lists what is finished and goes on from there") {
  const TemporaryFolder folder;
  SimulateJob job = small_job(folder.path());
  job.run.threads = 1;
  RecordedProgress progress;
  progress.stop_after = 1;
  try {
    run(job, progress);
    FAIL("it was not stopped");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  CHECK(StarFile::read(folder.path("micrographs.star")).table("micrographs").row_count() == 1);
  const RunSummary rest = run(job);
  CHECK(rest.skipped_count == 1);
  CHECK(rest.done_count == 2);
}

TEST_CASE("simulate: a disk that refuses ends the run") {
  const TemporaryFolder folder;
  SimulateJob job = small_job(folder.path());
  job.micrograph_count = 1;
  // A folder in place of the image.
  fs::create_directories(folder.path("Micrographs/sim_0001.mrc/in_the_way"));
  try {
    run(job);
    FAIL("the micrograph replaced a folder");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::storage);
    CHECK_THAT(error.what(), ContainsSubstring("sim_0001.mrc"));
  }
}

TEST_CASE("simulate: settings without meaning are refused before anything is written") {
  const TemporaryFolder folder;
  SimulateJob job = small_job(folder.path("project"));
  SECTION("size") {
    job.width_px = 3;
  }
  SECTION("count") {
    job.micrograph_count = 0;
  }
  SECTION("pixel size") {
    job.pixel_size_angstrom = -1;
  }
  SECTION("frames") {
    job.frame_count = 1;
  }
  SECTION("structures") {
    job.structure_count = 0;
  }
  SECTION("structure file") {
    job.structure_file = folder.path("absent.pdb");
  }
  try {
    plan_simulate(job);
    FAIL("it was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
  }
  CHECK(folder.file_count() == 0);
}

TEST_CASE("simulate: the plan counts what is finished") {
  const TemporaryFolder folder;
  SimulateJob job = small_job(folder.path());
  run(job);
  job.micrograph_count = 5;
  CHECK_THAT(plan_simulate(job), ContainsSubstring("2 micrographs"));
  CHECK_THAT(plan_simulate(job), ContainsSubstring("3 are finished"));
}
