#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace limpid {

namespace {

// An option that is "auto", as by default, or "off".
void add_switch(CLI::App& parser, const char* name, bool& value, const char* description) {
  parser
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = text == "auto"; }, description)
      ->check(CLI::IsMember({"auto", "off"}));
}

void add_watch_options(CLI::App& parser, WatchOptions& options) {
  CLI::Option* const watch = parser.add_flag(
      "--watch",
      options.is_on,
      "Go on looking for new micrographs, until a file 'stop_watching' is in the output folder");
  parser
      .add_option(
          "--watch_minutes", options.minutes, "Begin nothing new after this time; 0: no limit")
      ->check(CLI::Range(0.0, 1e6))
      ->needs(watch);
  parser
      .add_option("--watch_idle_minutes",
                  options.idle_minutes,
                  "End after this time without a new micrograph, 60 by default; 0: no limit")
      ->check(CLI::Range(0.0, 1e6))
      ->needs(watch);
  parser
      .add_option("--watch_interval",
                  options.interval_seconds,
                  "Seconds between two looks, 5 by default; a file is complete when it has not "
                  "changed from one to the next")
      ->check(CLI::Range(0.05, 3600.0))
      ->needs(watch);
}

}  // namespace

void add_denoise_options(CLI::App& parser, DenoiseJob& job) {
  parser.add_option("--model", job.model, "Name of a shipped model, or a model file");
  parser.add_flag("--float16", job.float16, "Write half precision (MRC mode 12)");
  add_switch(parser,
             "--halves",
             job.use_halves,
             "Measure the quality on even and odd halves where there are any: auto or off");
  add_switch(parser,
             "--resample",
             job.resample,
             "Where the model does not know the pixel size, denoise at one that it knows and bring "
             "the result back: auto or off");
  parser
      .add_option("--keep_high_resolution",
                  job.keep_high_resolution_angstrom,
                  "Keep the raw frequencies beyond this resolution, in angstrom; 0: none")
      ->check(CLI::Range(0.0, 10000.0));
  add_switch(parser,
             "--match_noise",
             job.match_noise,
             "Where the noise is that of a plain sum of frames weighted by dose, show the model "
             "noise that it knows: auto or off");
  parser.add_flag("--combine_halves",
                  job.combine_halves,
                  "Denoise the even and the odd half where there are both, and write their sum in "
                  "the grey scale of the micrograph");
  parser
      .add_option_function<int>(
          "--orientations",
          [&job](int count) { job.average_orientations = count == 8; },
          "8: denoise each micrograph in all eight orientations, mirrored and transposed, and take "
          "the mean: a little better, for eight times the work; 1 by default")
      ->check(CLI::IsMember({1, 8}));
  parser
      .add_option("--particle_diameter",
                  job.particle_diameter_angstrom,
                  "Angstrom; the windows around picks are 1.5 times as wide")
      ->check(CLI::PositiveNumber);
  add_watch_options(parser, job.watch);
}

CommandAction define_denoise(CLI::App& parser) {
  auto job = std::make_shared<DenoiseJob>();
  add_micrograph_input(parser, job->input);
  add_run_options(parser, job->run);
  add_denoise_options(parser, *job);
  // Not one of those above: hosts have a field of this name.
  parser.add_option("--in_coords",
                    job->coordinates,
                    "STAR file of picked particles: looks for particles in what was removed");
  return [job] { return run_job(*job); };
}

}  // namespace limpid
