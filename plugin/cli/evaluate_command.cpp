#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace limpid {
namespace {

// One option for both kinds of lists: a single name that ends in ".star" is a STAR file.
CLI::Option* add_list_option(CLI::App& parser,
                             const std::string& name,
                             MicrographInput& input,
                             const std::string& help) {
  return parser
      .add_option_function<std::vector<std::string>>(
          name,
          [&input](const std::vector<std::string>& values) {
            if (values.size() == 1 && values.front().ends_with(".star"))
              input.star_file = values.front();
            else
              input.paths = values;
          },
          help)
      ->type_name("STAR|FILE...");
}

}  // namespace

CommandAction define_evaluate(CLI::App& parser) {
  const auto job = std::make_shared<EvaluateJob>();
  add_micrograph_input(parser, job->denoised);
  add_run_options(parser, job->run);
  CLI::Option* truth = add_list_option(parser,
                                       "--truth",
                                       job->truth,
                                       "Noiseless micrographs NAME or NAME_CLEAN: STAR file, "
                                       "folder, files or patterns");
  add_list_option(
      parser,
      "--noisy",
      job->noisy,
      "The micrographs that were denoised; with their halves, for estimates from these");
  // Without a truth halves are the only way; the option is for saying so.
  parser
      .add_flag_function(
          "--halves",
          [](std::int64_t) {},
          "Estimate from half-micrographs (done whenever there is no --truth)")
      ->excludes(truth);
  add_list_option(parser,
                  "--denoised_even",
                  job->denoised_even,
                  "Denoised even halves, NAME or NAME_EVN; default: found beside the denoised "
                  "micrographs")
      ->excludes(truth);
  add_list_option(parser, "--denoised_odd", job->denoised_odd, "The same for the odd halves")
      ->excludes(truth);
  parser
      .add_option("--pixel_size",
                  job->pixel_size_angstrom,
                  "Angstrom per pixel; default: as lists and files say")
      ->check(CLI::PositiveNumber);
  parser.add_flag_function(
      "--no_filters",
      [job](std::int64_t) { job->reference_filters = false; },
      "Leave out the best Gaussian and the radial Wiener filter, which take most of the time");
  parser.add_flag(
      "--baselines",
      job->baselines,
      "Run Gaussian and Wiener filters, chosen from the halves of the noisy micrographs "
      "where there are any, through the same tables and pictures");
  parser.add_option("--in_coords",
                    job->coordinates,
                    "STAR file of picked particles: looks for particles in what was removed");
  parser
      .add_option("--particle_diameter",
                  job->particle_diameter_angstrom,
                  "Angstrom; the windows around picks are 1.5 times as wide")
      ->check(CLI::PositiveNumber);
  return [job] { return run_job(*job); };
}

}  // namespace limpid
