#include "plugin/cli/command.h"
#include "plugin/job/job_json.h"
#include "plugin/run/run_job.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace limpid {
namespace {

struct RepeatOptions {
  std::string job_file;
  std::optional<std::string> output_folder;
  bool redo = false;
  bool dry_run = false;
};

}  // namespace

CommandAction define_run(CLI::App& parser) {
  auto options = std::make_shared<RepeatOptions>();
  parser
      .add_option("job", options->job_file, "job.json of an earlier run, or one of the same form")
      ->required();
  parser.add_option(
      "--o", options->output_folder, "Folder for everything that is written, instead of the job's");
  parser.add_flag("--redo", options->redo, "Do finished items again");
  parser.add_flag("--dry_run", options->dry_run, "Check everything and write nothing");
  return [options] {
    Job job = read_job(options->job_file);
    std::visit(
        [&](auto& any) {
          RunOptions& run = any.run;
          run.output_folder = options->output_folder.value_or(run.output_folder);
          run.redo = run.redo || options->redo;
          run.dry_run = run.dry_run || options->dry_run;
        },
        job);
    return run_job(job);
  };
}

}  // namespace limpid
