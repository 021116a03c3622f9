#include "plugin/run/run_evaluate.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/micrograph_file.h"
#include "plugin/evaluation/evaluation_inputs.h"
#include "plugin/evaluation/evaluation_loop.h"
#include "plugin/evaluation/half_baselines.h"
#include "plugin/evaluation/header_check.h"
#include "plugin/evaluation/micrograph_matching.h"
#include "plugin/evaluation/removal_report.h"
#include "plugin/evaluation/score_files.h"
#include "plugin/evaluation/score_table.h"
#include "plugin/html_report/evaluation_page.h"
#include "plugin/job/job_json.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace limpid {
namespace {

// Numbers of the judged result, which is the first row.
std::map<std::string, double> numbers_of(const ScoreTable& table, const ScoreGroup& group) {
  std::map<std::string, double> numbers;
  const ScoreRow& row = group.rows.front();
  for (std::size_t i = 0; i < row.values.size(); ++i)
    if (row.values[i])
      numbers[table.columns()[i].key] = *row.values[i];
  return numbers;
}

// The tables as text and, in the output folder, as files and as a page.
void finish(std::vector<ScoreTable> tables,
            const EvaluateJob& job,
            RemovalReport& removal,
            RunSummary& summary) {
  tables.push_back(removal.table());
  const std::string& folder = job.run.output_folder;
  for (const ScoreTable& table : tables)
    if (!table.empty())
      summary.result += (summary.result.empty() ? "" : "\n") + format_table(table);
  if (summary.result.empty())
    summary.result = "No micrograph could be scored";
  else if (!folder.empty()) {
    write_file_atomically(folder + "/evaluation.json", scores_json(tables));
    write_file_atomically(folder + "/evaluation.star", scores_star(tables));
    summary.result += "All numbers: " + folder + "/evaluation.json";
  }
  if (folder.empty())
    return;
  summary.page = evaluation_page(tables, summary);
  summary.page->strips = removal.strips();
  summary.page->pictures = removal.take_pictures();
}

// What filters that know no truth make of a noisy micrograph whose halves are known.
std::vector<std::pair<std::string, Image>> baselines_of(const WholeFiles& files,
                                                        const Image& noisy,
                                                        const std::string& name,
                                                        double pixel_size_angstrom,
                                                        Progress& progress) {
  if (files.noisy_even.empty() || files.noisy_odd.empty())
    return {};
  const Image even = read_micrograph(files.noisy_even).pixels;
  const Image odd = read_micrograph(files.noisy_odd).pixels;
  if (const auto warning = baselines_warning(even, odd, pixel_size_angstrom))
    progress.note(name + ": " + *warning);
  return filtered_whole(choose_half_baselines(even, odd), noisy);
}

// Numbers of what was removed, added to those that there are.
std::map<std::string, double> with_removal(std::map<std::string, double> numbers,
                                           RemovalReport& removal) {
  numbers.merge(removal.finish());
  return numbers;
}

RunSummary run_with_truth(const EvaluateJob& job, Progress& progress) {
  if (!is_given(job.noisy))
    progress.note(
        "Without --noisy there are no band gains and no rows of the noisy image and the filters");
  std::vector<ScoreTable> tables = {signal_table(), residual_table()};
  Micrograph denoised, noisy, truth;  // memory that is used again
  const std::vector<TruthFiles> all = find_truth_files(job);
  RemovalReport removal(job, all.size());
  Evaluation<TruthFiles> evaluation(all, progress);
  RunSummary summary = evaluation.run([&](const TruthFiles& files) {
    const bool has_noisy = !files.noisy.empty();
    const double pixel_size_angstrom = check_headers(files);
    read_micrograph(files.denoised, denoised);
    read_micrograph(files.truth, truth);
    TruthEvaluationOptions options{.filters = job.reference_filters};
    std::vector<std::pair<std::string, Image>> baselines;
    if (has_noisy) {
      read_micrograph(files.noisy, noisy);
      removal.begin(files.name, noisy.pixels, &truth.pixels, pixel_size_angstrom);
      removal.add(denoised_method, denoised.pixels);
      if (job.baselines) {
        baselines =
            baselines_of(files.whole, noisy.pixels, files.name, pixel_size_angstrom, progress);
        options.see_result = [&](const std::string& method, const Image& image) {
          removal.add(method, image);
        };
      }
    }
    for (const auto& [method, image] : baselines)
      options.others.emplace_back(method, &image);
    const TruthScores scores = evaluate_against_truth(has_noisy ? &noisy.pixels : nullptr,
                                                      denoised.pixels,
                                                      truth.pixels,
                                                      pixel_size_angstrom,
                                                      options);
    ScoreTable& table = tables[scores.has_signal ? 0 : 1];
    ScoreGroup group = score_group(files.name, scores);
    std::map<std::string, double> numbers = numbers_of(table, group);
    table.add(std::move(group));
    return has_noisy ? with_removal(std::move(numbers), removal) : numbers;
  });
  finish(std::move(tables), job, removal, summary);
  return summary;
}

RunSummary run_with_halves(const EvaluateJob& job, Progress& progress) {
  std::vector<ScoreTable> tables = {half_table()};
  Micrograph raw_even, raw_odd, denoised_even, denoised_odd, noisy, denoised;
  const std::vector<HalfFiles> all = find_half_files(job);
  RemovalReport removal(job, all.size());
  Evaluation<HalfFiles> evaluation(all, progress);
  RunSummary summary = evaluation.run([&](const HalfFiles& files) {
    const double pixel_size_angstrom = check_headers(files);
    read_micrograph(files.raw_even, raw_even);
    read_micrograph(files.raw_odd, raw_odd);
    read_micrograph(files.denoised_even, denoised_even);
    read_micrograph(files.denoised_odd, denoised_odd);
    std::optional<HalfBaselines> baselines;
    if (job.baselines)
      baselines = choose_half_baselines(raw_even.pixels, raw_odd.pixels);
    const HalfScores scores =
        evaluate_halves({raw_even.pixels, raw_odd.pixels},
                        {denoised_even.pixels, denoised_odd.pixels},
                        pixel_size_angstrom,
                        baselines ? filtered_halves(*baselines, raw_even.pixels, raw_odd.pixels)
                                  : std::vector<NamedHalves>());
    for (const std::string& warning : scores.warnings)
      progress.note(files.name + ": " + warning);
    ScoreGroup group = score_group(files.name, scores);
    std::map<std::string, double> numbers = numbers_of(tables[0], group);
    tables[0].add(std::move(group));
    if (files.whole.noisy.empty() || !removal.is_wanted())
      return numbers;
    read_micrograph(files.whole.noisy, noisy);
    read_micrograph(files.whole.denoised, denoised);
    removal.begin(files.name, noisy.pixels, nullptr, pixel_size_angstrom);
    removal.add(denoised_method, denoised.pixels);
    if (baselines)
      for (const auto& [method, image] : filtered_whole(*baselines, noisy.pixels))
        removal.add(method, image);
    return with_removal(std::move(numbers), removal);
  });
  finish(std::move(tables), job, removal, summary);
  return summary;
}

RunSummary run_without_reference(const EvaluateJob& job, Progress& progress) {
  progress.note(
      "There is no truth and there are no denoised halves: only what was removed is looked at");
  Micrograph noisy, denoised;
  const std::vector<RemovalFiles> all = find_removal_files(job);
  RemovalReport removal(job, all.size());
  Evaluation<RemovalFiles> evaluation(all, progress);
  RunSummary summary = evaluation.run([&](const RemovalFiles& files) {
    const double pixel_size_angstrom = check_headers(files);
    read_micrograph(files.whole.noisy, noisy);
    read_micrograph(files.whole.denoised, denoised);
    removal.begin(files.name, noisy.pixels, nullptr, pixel_size_angstrom);
    removal.add(denoised_method, denoised.pixels);
    if (job.baselines)
      for (const auto& [method, image] :
           baselines_of(files.whole, noisy.pixels, files.name, pixel_size_angstrom, progress))
        removal.add(method, image);
    return removal.finish();
  });
  finish({}, job, removal, summary);
  return summary;
}

// Whether halves can be compared for some micrograph; if not, what was removed may be all there is.
bool only_removal_is_known(const EvaluateJob& job) {
  if (is_given(job.truth) || !is_given(job.noisy) || (!job.baselines && job.coordinates.empty()))
    return false;
  const std::vector<HalfFiles> all = find_half_files(job);
  return std::all_of(
      all.begin(), all.end(), [](const HalfFiles& files) { return !files.problem.empty(); });
}

template <class Files>
std::string plan(const std::vector<Files>& all) {
  std::size_t ready_count = 0;
  std::string problems;
  for (const Files& files : all) {
    try {
      if (!files.problem.empty())
        fail(ErrorKind::input, "{}", files.problem);
      check_headers(files);
      ++ready_count;
    } catch (const Error& error) {
      problems += fmt::format("\n'{}': {}", files.name, error.what());
    }
  }
  return fmt::format("{} of {} micrographs would be scored{}", ready_count, all.size(), problems);
}

}  // namespace

RunSummary run_evaluate(const EvaluateJob& job, Progress& progress) {
  if (only_removal_is_known(job))
    return run_without_reference(job, progress);
  return is_given(job.truth) ? run_with_truth(job, progress) : run_with_halves(job, progress);
}

std::string plan_evaluate(const EvaluateJob& job) {
  forbid_foreign_folder(job);
  if (!job.coordinates.empty())
    PickList::read(job.coordinates);
  if (only_removal_is_known(job))
    return plan(find_removal_files(job));
  return is_given(job.truth) ? plan(find_truth_files(job)) : plan(find_half_files(job));
}

void forbid_foreign_folder(const EvaluateJob& job) {
  const std::string path = job.run.output_folder + "/job.json";
  std::error_code ignored;
  if (job.run.output_folder.empty() || !std::filesystem::exists(path, ignored))
    return;
  bool is_own = false;
  try {
    is_own = std::holds_alternative<EvaluateJob>(read_job(path));
  } catch (const Error&) {
    // Not readable: of another version, or of another program.
  }
  if (!is_own)
    fail(ErrorKind::usage,
         "--o '{}': the folder belongs to another job, whose job.json and reports would be "
         "replaced; choose another folder",
         job.run.output_folder);
}

}  // namespace limpid
