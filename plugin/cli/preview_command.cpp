#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace limpid {

CommandAction define_preview(CLI::App& parser) {
  auto job = std::make_shared<PreviewJob>();
  add_micrograph_input(parser, job->input);
  add_run_options(parser, job->run);
  CLI::Option* const denoised = parser.add_option(
      "--denoised", job->denoised_folder, "Output folder of limpid denoise; none: denoise now");
  parser
      .add_option("--in_patches",
                  job->patches_folder,
                  "Folder of limpid prepare: show its patches instead of micrographs")
      ->excludes(denoised);
  parser.add_option("--model", job->model, "Name of a shipped model, or a model file")
      ->excludes(denoised);
  parser.add_option("--count", job->picture_count, "Pictures to make, evenly over the list")
      ->check(CLI::PositiveNumber);
  return [job] { return run_job(*job); };
}

}  // namespace limpid
