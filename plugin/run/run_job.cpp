#include "plugin/run/run_job.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/phase_log.h"
#include "core/io/atomic_file.h"
#include "plugin/job/job_check.h"
#include "plugin/job/job_json.h"
#include "plugin/output/output_folder.h"
#include "plugin/output/report.h"
#include "plugin/output/run_progress.h"
#include "plugin/output/stop_signal.h"
#include "plugin/run/exit_code.h"
#include "plugin/run/run_demo.h"
#include "plugin/run/run_denoise.h"
#include "plugin/run/run_evaluate.h"
#include "plugin/run/run_prepare.h"
#include "plugin/run/run_preview.h"
#include "plugin/run/run_remap.h"
#include "plugin/run/run_simulate.h"
#include "plugin/run/run_train.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace limpid {
namespace {

const RunOptions& options_of(const Job& job) {
  return std::visit([](const auto& any) -> const RunOptions& { return any.run; }, job);
}

// Only a table on the terminal, if no folder is given.
bool needs_folder(const Job& job) {
  return !std::holds_alternative<EvaluateJob>(job);
}

RunSummary run_in(const OutputFolder* output, const Job& job, Progress& progress) {
  return std::visit(
      [&](const auto& any) -> RunSummary {
        using Kind = std::decay_t<decltype(any)>;
        if constexpr (std::is_same_v<Kind, DenoiseJob>)
          return run_denoise(any, *output, progress);
        else if constexpr (std::is_same_v<Kind, TrainJob>)
          return run_train(any, *output, progress);
        else if constexpr (std::is_same_v<Kind, PrepareJob>)
          return run_prepare(any, *output, progress);
        else if constexpr (std::is_same_v<Kind, SimulateJob>)
          return run_simulate(any, *output, progress);
        else if constexpr (std::is_same_v<Kind, EvaluateJob>)
          return run_evaluate(any, progress);
        else if constexpr (std::is_same_v<Kind, PreviewJob>)
          return run_preview(any, *output, progress);
        else if constexpr (std::is_same_v<Kind, RemapJob>)
          return run_remap(any, *output, progress);
        else
          return run_demo(any, *output, progress);
      },
      job);
}

// Checks as much as can be without writing.
std::string plan(const Job& job) {
  if (const auto* denoise = std::get_if<DenoiseJob>(&job))
    return plan_denoise(*denoise);
  if (const auto* train = std::get_if<TrainJob>(&job))
    return plan_train(*train);
  if (const auto* prepare = std::get_if<PrepareJob>(&job))
    return plan_prepare(*prepare);
  if (const auto* simulate = std::get_if<SimulateJob>(&job))
    return plan_simulate(*simulate);
  if (const auto* evaluate = std::get_if<EvaluateJob>(&job))
    return plan_evaluate(*evaluate);
  if (const auto* preview = std::get_if<PreviewJob>(&job))
    return plan_preview(*preview);
  if (const auto* remap = std::get_if<RemapJob>(&job))
    return plan_remap(*remap);
  return "The settings are in order; nothing was written.";
}

ExitCode judge(const RunSummary& summary, const RunOptions& options) {
  const auto all =
      static_cast<double>(summary.done_count + summary.skipped_count + summary.failed_count);
  const bool nothing = summary.failed_count > 0 && summary.done_count + summary.skipped_count == 0;
  const bool too_many =
      static_cast<double>(summary.failed_count) > options.max_failed_fraction * all;
  return nothing || too_many ? ExitCode::failed : ExitCode::done;
}

std::string first_failure(const std::vector<ItemResult>& items) {
  for (const ItemResult& item : items)
    if (item.state == ItemState::failed)
      return item.reason;
  return "unknown";
}

ExitCode run_and_report(const Job& job, const OutputFolder* output, RunProgress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string job_json = to_json(job);
  if (output != nullptr)
    write_file_atomically(output->file("job.json"), job_json + "\n");
  const RunSummary summary = run_in(output, job, progress);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  if (output != nullptr) {
    write_failed_list(output->file("failed.star"), progress.items());
    const Report report{job_json, summary, progress.items(), elapsed.count()};
    write_report_page(output->file(report_page_name), report);
    write_report(output->file("report.json"), report);
    log_phase("report written");
  }
  progress.note(summary.result);
  if (!summary.interruption.empty())
    fail(ErrorKind::interrupted, "{}", summary.interruption);
  const RunOptions& options = options_of(job);
  const ExitCode code = judge(summary, options);
  if (code != ExitCode::done)
    progress.failure(
        fmt::format("{} of {} failed, more than the fraction {} that may "
                    "(--max_failed); the first: {}",
                    summary.failed_count,
                    summary.done_count + summary.skipped_count + summary.failed_count,
                    options.max_failed_fraction,
                    first_failure(progress.items())));
  return code;
}

}  // namespace

int run_job(const Job& job, const RunHooks& hooks) {
  const RunOptions& options = options_of(job);
  watch_stop_signals();
  std::unique_ptr<RunProgress> progress;
  try {
    check_ranges(job);
    set_thread_count(options.threads);
    if (options.dry_run) {
      fmt::print("{}\n", plan(job));
      return status(ExitCode::done);
    }
    if (const auto* evaluate = std::get_if<EvaluateJob>(&job))
      forbid_foreign_folder(*evaluate);
    std::optional<OutputFolder> output;
    if (needs_folder(job) || !options.output_folder.empty())
      output.emplace(options.output_folder);
    progress = std::make_unique<RunProgress>(ProgressOptions{
        .folder = output ? output->path() : std::string(),
        .verbose = options.verbose,
        .quiet = options.quiet,
        .stop_requested = [&] { return stop_signal() != 0 || hooks.stop_requested(); }});
    return status(run_and_report(job, output ? &*output : nullptr, *progress));
  } catch (const Error& error) {
    if (!progress)
      throw;
    progress->failure(error.what());
    return status(exit_code(error.kind(), stop_signal()));
  } catch (const std::exception& error) {
    if (!progress)
      throw;
    progress->failure(fmt::format("internal error: {}", error.what()));
    return status(ExitCode::failed);
  }
}

}  // namespace limpid
