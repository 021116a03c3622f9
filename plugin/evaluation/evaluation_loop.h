#pragma once

#include "core/base/error.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace limpid {

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
    const auto begin = std::chrono::steady_clock::now();
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
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return result;
  }

  std::vector<Files> items_;
  Progress& progress_;
};

}  // namespace limpid
