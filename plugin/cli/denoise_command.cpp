#include "plugin/cli/command.h"
#include "plugin/run_job.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace limpid {

CommandAction define_denoise(CLI::App& parser) {
  auto job = std::make_shared<DenoiseJob>();
  add_micrograph_input(parser, job->input);
  add_run_options(parser, job->run);
  parser.add_option("--model", job->model, "Name of a shipped model, or a model file");
  parser.add_flag("--float16", job->float16, "Write half precision (MRC mode 12)");
  return [job] { return run_job(*job); };
}

}  // namespace limpid
