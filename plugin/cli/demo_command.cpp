#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace limpid {

CommandAction define_demo(CLI::App& parser) {
  auto job = std::make_shared<DemoJob>();
  job->run.output_folder = "demo";
  add_run_options(parser, job->run);
  parser.add_option("--minutes", job->train_minutes, "How long to train")
      ->check(CLI::PositiveNumber);
  return [job] { return run_job(*job); };
}

}  // namespace limpid
