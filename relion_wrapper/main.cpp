#include "core/base/error.h"
#include "core/base/log.h"
#include "plugin/cli/standard_streams.h"
#include "plugin/run/exit_code.h"
#include "relion_wrapper/command_words.h"
#include "relion_wrapper/external_job.h"
#include "relion_wrapper/job_folder.h"
#include "relion_wrapper/watcher.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace limpid {
namespace {

// Until a run takes over the log, warnings go to stderr.
void log_to_stderr(LogLevel level, std::string_view message) {
  if (level == LogLevel::warning || level == LogLevel::error)
    fmt::print(stderr, "limpid-relion: {}\n", message);
}

int run_guarded(const std::function<int()>& action) {
  try {
    return action();
  } catch (const Error& error) {
    fmt::print(stderr, "limpid-relion: {}\n", error.what());
    return status(exit_code(error.kind(), 0));
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "limpid-relion: not enough memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "limpid-relion: {}\n", error.what());
  }
  return status(ExitCode::failed);
}

int run_program(int argc, char** argv) {
  const CommandWords words(argc, argv);
  const JobFolder folder(words.value("o").value_or(words.value("pipeline_control").value_or("")));
  const auto work = [&] { return run_guarded([&] { return run_external_job(words, folder); }); };
  // Started by hand, for help: there is no folder to leave a mark in.
  return folder.path().empty() ? work() : watch(folder, work);
}

}  // namespace
}  // namespace limpid

int main(int argc, char** argv) {
  limpid::open_missing_streams();
  limpid::set_log_sink(limpid::log_to_stderr);
  return limpid::run_guarded([&] { return limpid::run_program(argc, argv); });
}
