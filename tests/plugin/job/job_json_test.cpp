#include "plugin/job/job_json.h"

#include "core/base/error.h"
#include "plugin/job/job_check.h"
#include "tests/support/catch.h"
#include "tests/support/io_mutation.h"
#include "tests/support/temporary_folder.h"

#include <cmath>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

// Nothing at its default, every text and number a different one.
RunOptions unusual_run() {
  return {.output_folder = "out \"quoted\" \\ $(x) \n ä",
          .device = {.kind = DeviceKind::cuda, .gpus = {3, 1}, .precision = DataType::bfloat16},
          .threads = 7,
          .seed = std::numeric_limits<std::uint64_t>::max(),
          .max_failed_fraction = 0.1 + 0.2,
          .redo = true,
          .dry_run = true,
          .memory_bytes = 5ull << 40,
          .gpu_memory_bytes = 123456789,
          .verbose = true,
          .quiet = true};
}

MicrographInput unusual_input() {
  return {.star_file = "in.star",
          .paths = {"a b.mrc", "", "*.tif", "latin \xe9.mrc"},
          .lenient_star = true};
}

SimulateJob unusual_simulation() {
  SimulateJob job;
  job.run = unusual_run();
  job.micrograph_count = 11;
  job.width_px = 22;
  job.height_px = 33;
  job.pixel_size_angstrom = 0.44;
  job.dose_e_per_square_angstrom = 55.5;
  job.frame_count = 66;
  job.camera = "ccd";
  job.movie_count = 3;
  job.structure_file = "protein.pdb";
  job.map_threshold = 0.012;
  job.structure_count = 77;
  job.diverse = true;
  job.write_movie = false;
  job.write_halves = false;
  job.float16 = true;
  return job;
}

std::vector<Job> unusual_jobs() {
  TrainJob train{.run = unusual_run(),
                 .input = unusual_input(),
                 .movies = {.star_file = "movies.star",
                            .gain_file = "gain.mrc",
                            .weight_by_dose = true,
                            .dose_per_frame_e_per_square_angstrom = 1.25,
                            .eer_grouping = 32,
                            .eer_upsampling = 2},
                 .patches_folder = "patches",
                 .pairs = PairKind::truth,
                 .physics = {.micrograph_size_px = 222, .crops_per_micrograph = 333},
                 .start_model = "start",
                 .network = "classic",
                 .model_name = "mine",
                 .model_summary = "about it"};
  train.epochs = 1.5;
  train.minutes = 2.5;
  train.patch_size_px = 96;
  train.batch_size = 5;
  train.learning_rate = 3e-4;
  train.validation_fraction = 0.25;
  train.patience = 7;
  train.noise_electrons_per_unit = 12.7f;
  train.noise_sigma = 0.3f;
  train.loader = LoaderMode::stream;
  EvaluateJob evaluate;
  evaluate.run = unusual_run();
  evaluate.denoised = unusual_input();
  evaluate.noisy = unusual_input();
  evaluate.truth = unusual_input();
  evaluate.denoised_even = unusual_input();
  evaluate.denoised_odd = unusual_input();
  evaluate.pixel_size_angstrom = 1.25;
  evaluate.reference_filters = false;
  evaluate.baselines = true;
  evaluate.coordinates = "picks.star";
  evaluate.particle_diameter_angstrom = 125;
  return {DenoiseJob{.run = unusual_run(),
                     .input = unusual_input(),
                     .model = "m",
                     .float16 = true,
                     .use_halves = false,
                     .resample = false,
                     .keep_high_resolution_angstrom = 7.5,
                     .match_noise = false,
                     .combine_halves = true,
                     .coordinates = "picks.star",
                     .particle_diameter_angstrom = 125,
                     .average_orientations = true,
                     .watch = {true, 90, 15, 0.5}},
          train,
          PrepareJob{.run = unusual_run(),
                     .input = unusual_input(),
                     .pairs = PairKind::halves,
                     .content = PatchContent::clean,
                     .patch_size_px = 96,
                     .stride_px = 31,
                     .test_micrographs = 19,
                     .float16 = true,
                     .noise_electrons_per_unit = 12.7f,
                     .noise_sigma = 0.3f},
          unusual_simulation(),
          evaluate,
          PreviewJob{unusual_run(), unusual_input(), "patches", "denoised", "m", 9},
          DemoJob{unusual_run(), 0.7}};
}

Job parse(const std::string& text) {
  return job_from_json(text, "job.json");
}

std::string denoise_with(const std::string& fields) {
  return R"({"schema_version": 1, "job": "denoise")" + fields + "}";
}

}  // namespace

TEST_CASE("job json: every kind of job comes back as it was") {
  for (const Job& job : unusual_jobs()) {
    const std::string text = to_json(job);
    INFO(text);
    const Job back = parse(text);
    CHECK(back.index() == job.index());
    // The text holds every field, with as many digits as tell the values apart.
    CHECK(to_json(back) == text);
  }
  const auto back = std::get<TrainJob>(parse(to_json(unusual_jobs()[1])));
  CHECK(back.run.output_folder == unusual_run().output_folder);
  CHECK(back.run.seed == unusual_run().seed);
  CHECK(back.run.max_failed_fraction == unusual_run().max_failed_fraction);
  CHECK(back.run.device.gpus == unusual_run().device.gpus);
  CHECK(back.run.device.precision == DataType::bfloat16);
  CHECK(back.input.paths == unusual_input().paths);
  CHECK(back.pairs == PairKind::truth);
  CHECK(back.loader == LoaderMode::stream);
  CHECK(back.movies.gain_file == "gain.mrc");
  CHECK(back.movies.eer_grouping == 32);
  CHECK(back.noise_electrons_per_unit == 12.7f);
}

TEST_CASE("job json: every kind of pairs has its name") {
  for (const PairKind kind : {PairKind::automatic,
                              PairKind::halves,
                              PairKind::movies,
                              PairKind::single,
                              PairKind::simulated,
                              PairKind::truth,
                              PairKind::physics}) {
    TrainJob job;
    job.pairs = kind;
    CHECK(std::get<TrainJob>(parse(to_json(job))).pairs == kind);
  }
}

TEST_CASE("job json: no field of an unusual job is left at its default") {
  const std::vector<Job> defaults = {DenoiseJob{},
                                     TrainJob{},
                                     PrepareJob{},
                                     SimulateJob{},
                                     EvaluateJob{},
                                     PreviewJob{},
                                     DemoJob{}};
  const auto jobs = unusual_jobs();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    std::istringstream usual(to_json(defaults[i]));
    std::set<std::string> usual_lines;
    for (std::string line; std::getline(usual, line);)
      usual_lines.insert(line);
    std::istringstream unusual(to_json(jobs[i]));
    for (std::string line; std::getline(unusual, line);)
      if (line.find("\": ") != std::string::npos && !line.ends_with('{') &&
          line.find("schema_version") == std::string::npos &&
          line.find("\"job\"") == std::string::npos) {
        INFO(line);
        CHECK_FALSE(usual_lines.contains(line));
      }
  }
}

TEST_CASE("job json: keys bear the names of the fields, absent ones keep their defaults") {
  const auto job = std::get<DenoiseJob>(parse(denoise_with(
      R"(, "model": "mine", "input": {"paths": ["a.mrc"]}, "run": {"threads": 3,
          "device": {"kind": "cpu", "precision": null}}, "float16": true)")));
  CHECK(job.model == "mine");
  CHECK(job.input.paths == std::vector<std::string>{"a.mrc"});
  CHECK(job.run.threads == 3);
  CHECK(job.run.device.kind == DeviceKind::cpu);
  CHECK(job.float16);
  CHECK(job.run.max_failed_fraction == 0.1);
}

TEST_CASE("job json: what is wrong is named, all of it at once") {
  const struct {
    std::string text;
    std::vector<std::string> expected;
  } cases[] = {
      {"", {"job.json", "no valid JSON"}},
      {"[1]", {"no JSON object"}},
      {"{}", {"schema_version", "needed"}},
      {R"({"schema_version": 2, "job": "denoise"})", {"schema_version is 2"}},
      {R"({"schema_version": 1, "job": "clean"})", {"'clean'", "denoise, train"}},
      {R"({"schema_version": 1, "job": 5})", {"job is 5"}},
      {denoise_with(R"(, "modle": "x", "run": {"thread": 1})"),
       {"unknown key 'modle'", "unknown key 'run.thread'", "threads"}},
      {denoise_with(R"(, "model": 7, "float16": 1, "run": {"threads": "4"}, "input": 3)"),
       {"model is 7, expected a text",
        "float16 is 1, expected true or false",
        R"(run.threads is "4", expected an integer)",
        "input is 3, expected an object"}},
      {denoise_with(R"(, "run": {"threads": 1.5})"), {"run.threads is 1.5"}},
      {denoise_with(R"(, "run": {"threads": 99999999999})"), {"run.threads"}},
      {denoise_with(R"(, "run": {"threads": 5000})"), {"run.threads is 5000, expected 0 to 4096"}},
      {denoise_with(R"(, "run": {"seed": -1})"), {"run.seed is -1"}},
      {denoise_with(R"(, "run": {"seed": 18446744073709551616})"), {"run.seed"}},
      {denoise_with(R"(, "run": {"max_failed_fraction": 1.5, "threads": -1})"),
       {"run.max_failed_fraction is 1.5, expected 0 to 1", "run.threads is -1"}},
      {denoise_with(R"(, "run": {"device": {"kind": "gpu"}})"),
       {R"(run.device.kind is "gpu", expected auto, cpu or cuda)"}},
      {denoise_with(R"(, "run": {"device": {"gpus": [0, 0]}})"), {"run.device.gpus has 0 twice"}},
      {denoise_with(R"(, "run": {"device": {"gpus": [0, -2]}})"), {"run.device.gpus is -2"}},
      {denoise_with(R"(, "input": {"paths": "a.mrc"})"), {"input.paths", "a list of texts"}},
      {denoise_with(R"(, "input": {"paths": [{"bytes": "0g"}]})"), {"input.paths"}},
      {denoise_with(R"(, "input": {"star_file": "a\u0000b"})"), {"input.star_file", "NUL"}},
      {denoise_with(R"(, "model": "a", "model": "b")"), {"the key 'model' twice"}},
      {denoise_with(R"(, "model": [[[[[[[[[[]]]]]]]]]])"), {"nested deeper"}},
      {denoise_with(", \"model\": \"\xff\""), {"no valid JSON"}},
      {denoise_with(R"(, "run": {"max_failed_fraction": 1e999})"), {"no valid JSON"}},
      {std::string(2 << 20, ' '), {"2097152 bytes"}},
  };
  for (const auto& wrong : cases) {
    INFO(wrong.text.substr(0, 200));
    try {
      parse(wrong.text);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      const std::string message = error.what();
      CHECK(message.find('\n') == std::string::npos);
      for (const std::string& part : wrong.expected)
        CHECK_THAT(message, ContainsSubstring(part));
    }
  }
}

TEST_CASE("job json: mutated jobs only ever cause errors") {
  RandomSequence random(1, 1);
  const auto jobs = unusual_jobs();
  for (int round = 0; round < 3000; ++round) {
    std::string text = to_json(jobs[static_cast<std::size_t>(round) % jobs.size()]);
    for (std::int64_t changes = 1 + random.below(3); changes > 0; --changes)
      mutate_once(text, random);
    try {
      parse(text);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage)
        FAIL(error.what());
    }
  }
}

TEST_CASE("job json: a file is read, what is no file is named") {
  const TemporaryFolder folder;
  const std::string path = folder.write("job.json", denoise_with(R"(, "model": "mine")"));
  CHECK(std::get<DenoiseJob>(read_job(path)).model == "mine");
  CHECK_THROWS_WITH(read_job(folder.path("none.json")), ContainsSubstring("none.json"));
  CHECK_THROWS_WITH(read_job(folder.path()), ContainsSubstring("folder"));
}

TEST_CASE("job check: numbers that are none are found") {
  DenoiseJob job;
  job.run.max_failed_fraction = std::nan("");
  CHECK_THROWS_WITH(check_ranges(job), ContainsSubstring("run.max_failed_fraction is nan"));
  for (const Job& unusual : unusual_jobs())
    CHECK_NOTHROW(check_ranges(unusual));
}
