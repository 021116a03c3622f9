#include "plugin/run/run_demo.h"

#include "core/base/error.h"
#include "plugin/run/run_denoise.h"
#include "plugin/run/run_evaluate.h"
#include "plugin/run/run_preview.h"
#include "plugin/run/run_simulate.h"
#include "plugin/run/run_train.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>

namespace limpid {
namespace {

constexpr std::int64_t training_micrographs = 6;
constexpr std::int64_t held_out_micrographs = 2;
// Another seed gives other particles, microscopes' settings and noise.
constexpr std::uint64_t held_out_seed_offset = 1;

// The steps of the demonstration; each writes to a folder of its own.
class Demo {
 public:
  Demo(const DemoJob& job, const OutputFolder& output, Progress& progress)
      : job_(job), output_(output), progress_(progress) {}

  void simulate(const std::string& name, std::int64_t count, std::uint64_t seed) {
    SimulateJob job;
    job.run = options(name);
    job.run.seed = seed;
    job.micrograph_count = count;
    job.write_movie = false;
    show("simulate --count {} --size {} --no_movie --seed {} --o {}",
         count,
         job.width_px,
         seed,
         folder(name));
    run_simulate(job, OutputFolder(folder(name)), progress_);
  }

  void train(const std::string& name, const std::string& project) {
    TrainJob job;
    job.run = options(name);
    job.input.star_file = folder(project) + "/micrographs.star";
    job.pairs = PairKind::halves;
    job.start_model = "default";
    job.learning_rate = fine_tuning_rate;
    job.minutes = job_.train_minutes;
    show("train --in_mics {} --pairs halves --from default --learning_rate {} --minutes {} --o {}",
         job.input.star_file,
         job.learning_rate,
         job.minutes,
         folder(name));
    run_train(job, OutputFolder(folder(name)), progress_);
  }

  void denoise(const std::string& name, const std::string& project, const std::string& training) {
    DenoiseJob job;
    job.run = options(name);
    job.input.star_file = folder(project) + "/micrographs.star";
    job.model = folder(training) + "/model.safetensors";
    show("denoise --in_mics {} --model {} --o {}", job.input.star_file, job.model, folder(name));
    run_denoise(job, OutputFolder(folder(name)), progress_);
  }

  std::string evaluate(const std::string& denoised, const std::string& project) {
    EvaluateJob job;
    job.run = options("");
    job.denoised.star_file = folder(denoised) + "/micrographs_denoised.star";
    job.noisy.star_file = folder(project) + "/micrographs.star";
    job.truth.star_file = folder(project) + "/truth.star";
    show("evaluate --in_mics {} --noisy {} --truth {}",
         job.denoised.star_file,
         job.noisy.star_file,
         job.truth.star_file);
    return run_evaluate(job, progress_).result;
  }

  std::string preview(const std::string& name,
                      const std::string& denoised,
                      const std::string& project) {
    PreviewJob job;
    job.run = options(name);
    job.input.star_file = folder(project) + "/micrographs.star";
    job.denoised_folder = folder(denoised);
    show("preview --in_mics {} --denoised {} --o {}",
         job.input.star_file,
         job.denoised_folder,
         folder(name));
    return run_preview(job, OutputFolder(folder(name)), progress_).result;
  }

 private:
  // Few steps on few micrographs: small ones, so that they improve and do not wander.
  static constexpr double fine_tuning_rate = 5e-5;

  std::string folder(const std::string& name) const { return output_.file(name); }

  RunOptions options(const std::string& name) const {
    RunOptions options = job_.run;
    options.output_folder = name.empty() ? std::string() : folder(name);
    return options;
  }

  template <class... Args>
  void show(fmt::format_string<Args...> format, Args&&... args) {
    if (progress_.stop_requested())
      fail(ErrorKind::interrupted, "stopped as asked; the same command goes on from here");
    progress_.note("\n$ limpid " + fmt::format(format, std::forward<Args>(args)...));
  }

  const DemoJob& job_;
  const OutputFolder& output_;
  Progress& progress_;
};

}  // namespace

RunSummary run_demo(const DemoJob& job, const OutputFolder& output, Progress& progress) {
  Demo demo(job, output, progress);
  demo.simulate("project", training_micrographs, job.run.seed);
  demo.simulate("held_out", held_out_micrographs, job.run.seed + held_out_seed_offset);
  demo.train("training", "project");
  demo.denoise("denoised", "held_out", "training");
  RunSummary summary;
  summary.result = "\n" + demo.evaluate("denoised", "held_out");
  summary.result += "\n" + demo.preview("pictures", "denoised", "held_out");
  summary.done_count = 1;
  return summary;
}

}  // namespace limpid
