#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/printable.h"
#include "limpid_version.h"
#include "plugin/cli/bracketed_arguments.h"
#include "plugin/cli/command.h"
#include "plugin/cli/parse_error.h"
#include "plugin/cli/standard_streams.h"
#include "plugin/run/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

// Every subcommand of the program.
const std::vector<Command> commands = {
    {"denoise", "Removes the noise of micrographs", define_denoise},
    {"train", "Fits a model to micrographs", define_train},
    {"prepare", "Cuts micrographs into patches in binary files, to train on", define_prepare},
    {"simulate", "Makes a project of micrographs whose truth is known", define_simulate},
    {"evaluate", "Scores denoised micrographs, with a truth or from halves", define_evaluate},
    {"preview", "Draws micrographs before and after denoising", define_preview},
    {"remap", "Makes coordinates picked on denoised micrographs fit the originals", define_remap},
    {"models", "Lists, describes, imports and copies models", define_models},
    {"doctor", "Says what works on this machine, what does not and why", define_doctor},
    {"bench", "Measures the speed on this machine", define_bench},
    {"demo", "Shows the whole way on simulated micrographs", define_demo},
    {"run", "Repeats a job from its saved description", define_run},
};

void print_failure(std::string_view message) {
  fmt::print(stderr, "limpid: {}\n", on_one_line(message));
}

// Until a run takes over the log, warnings go to stderr.
void log_to_stderr(LogLevel level, std::string_view message) {
  if (level == LogLevel::warning || level == LogLevel::error)
    print_failure(message);
}

int run_guarded(const CommandAction& action) {
  try {
    return action();
  } catch (const Error& error) {
    print_failure(error.what());
    return status(exit_code(error.kind(), 0));
  } catch (const std::bad_alloc&) {
    print_failure("not enough memory");
  } catch (const std::exception& error) {
    // Printing throws when stdout takes no more, which main reports.
    if (std::ferror(stdout) != 0)
      return status(ExitCode::done);
    print_failure(error.what());
  }
  return status(ExitCode::failed);
}

int run_program(int argc, char** argv) {
  CLI::App parser{"Removes noise from cryo-EM micrographs", "limpid"};
  parser.set_version_flag("--version", LIMPID_VERSION);
  parser.require_subcommand(1);
  std::vector<std::pair<CLI::App*, CommandAction>> defined;
  for (const Command& command : commands) {
    CLI::App* subcommand = parser.add_subcommand(command.name, command.summary);
    defined.emplace_back(subcommand, command.define(*subcommand));
  }
  try {
    std::vector<std::string> arguments =
        protect_brackets(parser, {argv + std::min(argc, 1), argv + argc});
    std::reverse(arguments.begin(), arguments.end());  // the parser takes them from the back
    parser.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return explain_parse_error(parser, error, "limpid");
  }
  for (const auto& [subcommand, action] : defined)
    if (subcommand->parsed())
      return run_guarded(action);
  return status(ExitCode::usage);
}

}  // namespace
}  // namespace limpid

int main(int argc, char** argv) {
  limpid::open_missing_streams();
  limpid::report_file_size_limit();
  limpid::set_log_sink(limpid::log_to_stderr);
  const int result = limpid::run_guarded([&] { return limpid::run_program(argc, argv); });
  if (limpid::finish_stdout() || result != 0)
    return result;
  limpid::print_failure("writing to the standard output failed; is the disk full?");
  return limpid::status(limpid::ExitCode::storage);
}
