#include "plugin/run_evaluate.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/micrograph_file.h"
#include "plugin/evaluation/evaluation_inputs.h"
#include "plugin/evaluation/micrograph_matching.h"
#include "plugin/evaluation/score_files.h"
#include "plugin/evaluation/score_table.h"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

// What the headers of a micrograph's files say in common: before any pixel is read, a wrong file is
// found, and the pixel size where no list gives it.
double check_headers(const std::vector<std::string>& paths,
                     std::optional<double> pixel_size_angstrom) {
  std::optional<MicrographDescription> first;
  for (const std::string& path : paths) {
    if (path.empty())
      continue;
    const MicrographDescription description = describe_micrograph(path);
    if (!pixel_size_angstrom)
      pixel_size_angstrom = description.pixel_size_angstrom;
    if (!first)
      first = description;
    else if (description.width != first->width || description.height != first->height)
      fail(ErrorKind::input,
           "'{}' has {} x {} pixels, '{}' has {} x {}",
           paths.front(),
           first->width,
           first->height,
           path,
           description.width,
           description.height);
  }
  if (!pixel_size_angstrom)
    fail(ErrorKind::input, "no list and no file gives the pixel size; give --pixel_size");
  return *pixel_size_angstrom;
}

double check_headers(const TruthFiles& files) {
  return check_headers({files.denoised, files.noisy, files.truth}, files.pixel_size_angstrom);
}

double check_headers(const HalfFiles& files) {
  return check_headers({files.denoised_even, files.denoised_odd, files.raw_even, files.raw_odd},
                       files.pixel_size_angstrom);
}

// Numbers of the judged result, which is the first row.
std::map<std::string, double> numbers_of(const ScoreTable& table, const ScoreGroup& group) {
  std::map<std::string, double> numbers;
  const ScoreRow& row = group.rows.front();
  for (std::size_t i = 0; i < row.values.size(); ++i)
    if (row.values[i])
      numbers[table.columns()[i].key] = *row.values[i];
  return numbers;
}

// Scores every micrograph; a failure of one is recorded, one of the disk or a bug passed on.
template <class Files>
class Evaluation {
 public:
  // Scores one micrograph into a table; returns the numbers for its ItemResult.
  using Score = std::function<std::map<std::string, double>(const Files&)>;

  Evaluation(std::vector<Files> items, Progress& progress)
      : items_(std::move(items)), progress_(progress) {}

  RunSummary run(const Score& score) {
    progress_.begin("micrographs", static_cast<std::int64_t>(items_.size()));
    RunSummary summary;
    for (const Files& files : items_) {
      if (progress_.stop_requested())
        fail(ErrorKind::interrupted,
             "stopped as asked after {} of {} micrographs",
             summary.done_count + summary.failed_count,
             items_.size());
      const ItemResult result = score_one(files, score);
      ++(result.state == ItemState::done ? summary.done_count : summary.failed_count);
      progress_.item_finished(result);
    }
    return summary;
  }

 private:
  static ItemResult score_one(const Files& files, const Score& score) {
    const auto begin = Clock::now();
    ItemResult result;
    result.name = files.name;
    try {
      with_context("scoring '" + files.name + "'", [&] {
        if (!files.problem.empty())
          fail(ErrorKind::input, "{}", files.problem);
        result.numbers = score(files);
      });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
      result.state = ItemState::failed;
      result.reason = error.what();
    }
    result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return result;
  }

  std::vector<Files> items_;
  Progress& progress_;
};

// The tables as text, and as files in the output folder.
std::string finish(const std::vector<ScoreTable>& tables, const std::string& output_folder) {
  std::string text;
  bool is_empty = true;
  for (const ScoreTable& table : tables)
    if (!table.empty()) {
      text += (is_empty ? "" : "\n") + format_table(table);
      is_empty = false;
    }
  if (is_empty)
    return "No micrograph could be scored";
  if (!output_folder.empty()) {
    write_file_atomically(output_folder + "/evaluation.json", scores_json(tables));
    write_file_atomically(output_folder + "/evaluation.star", scores_star(tables));
    text += "All numbers: " + output_folder + "/evaluation.json";
  }
  return text;
}

RunSummary run_with_truth(const EvaluateJob& job, Progress& progress) {
  if (!is_given(job.noisy))
    progress.note(
        "Without --noisy there are no band gains and no rows of the noisy image and the filters");
  std::vector<ScoreTable> tables = {signal_table(), residual_table()};
  Micrograph denoised, noisy, truth;  // memory that is used again
  Evaluation<TruthFiles> evaluation(find_truth_files(job), progress);
  RunSummary summary = evaluation.run([&](const TruthFiles& files) {
    const double pixel_size_angstrom = check_headers(files);
    read_micrograph(files.denoised, denoised);
    read_micrograph(files.truth, truth);
    if (!files.noisy.empty())
      read_micrograph(files.noisy, noisy);
    const TruthScores scores = evaluate_against_truth(files.noisy.empty() ? nullptr : &noisy.pixels,
                                                      denoised.pixels,
                                                      truth.pixels,
                                                      pixel_size_angstrom,
                                                      {.filters = job.reference_filters});
    ScoreTable& table = tables[scores.has_signal ? 0 : 1];
    ScoreGroup group = score_group(files.name, scores);
    std::map<std::string, double> numbers = numbers_of(table, group);
    table.add(std::move(group));
    return numbers;
  });
  summary.result = finish(tables, job.run.output_folder);
  return summary;
}

RunSummary run_with_halves(const EvaluateJob& job, Progress& progress) {
  std::vector<ScoreTable> tables = {half_table()};
  Micrograph raw_even, raw_odd, denoised_even, denoised_odd;
  Evaluation<HalfFiles> evaluation(find_half_files(job), progress);
  RunSummary summary = evaluation.run([&](const HalfFiles& files) {
    const double pixel_size_angstrom = check_headers(files);
    read_micrograph(files.raw_even, raw_even);
    read_micrograph(files.raw_odd, raw_odd);
    read_micrograph(files.denoised_even, denoised_even);
    read_micrograph(files.denoised_odd, denoised_odd);
    const HalfScores scores = evaluate_halves({raw_even.pixels, raw_odd.pixels},
                                              {denoised_even.pixels, denoised_odd.pixels},
                                              pixel_size_angstrom);
    for (const std::string& warning : scores.warnings)
      progress.note(files.name + ": " + warning);
    ScoreGroup group = score_group(files.name, scores);
    std::map<std::string, double> numbers = numbers_of(tables[0], group);
    tables[0].add(std::move(group));
    return numbers;
  });
  summary.result = finish(tables, job.run.output_folder);
  return summary;
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
  return is_given(job.truth) ? run_with_truth(job, progress) : run_with_halves(job, progress);
}

std::string plan_evaluate(const EvaluateJob& job) {
  return is_given(job.truth) ? plan(find_truth_files(job)) : plan(find_half_files(job));
}

}  // namespace limpid
