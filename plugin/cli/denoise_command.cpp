#include "plugin/cli/command.h"
#include "plugin/run_job.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace limpid {

void add_denoise_options(CLI::App& parser, DenoiseJob& job) {
  parser.add_option("--model", job.model, "Name of a shipped model, or a model file");
  parser.add_flag("--float16", job.float16, "Write half precision (MRC mode 12)");
  parser
      .add_option_function<std::string>(
          "--halves",
          [&job](const std::string& text) { job.use_halves = text == "auto"; },
          "Measure the quality on even and odd halves where there are any: auto or off")
      ->check(CLI::IsMember({"auto", "off"}));
}

CommandAction define_denoise(CLI::App& parser) {
  auto job = std::make_shared<DenoiseJob>();
  add_micrograph_input(parser, job->input);
  add_run_options(parser, job->run);
  add_denoise_options(parser, *job);
  return [job] { return run_job(*job); };
}

}  // namespace limpid
