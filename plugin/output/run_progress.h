#pragma once

#include "core/base/log.h"
#include "plugin/run/progress.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace limpid {

struct ProgressOptions {
  std::string folder;  // for limpid.log and progress.jsonl; empty: only the terminal
  bool verbose = false;
  bool quiet = false;
  std::function<bool()> stop_requested;
};

// Tells the terminal (stdout, failures on stderr), limpid.log and progress.jsonl what a run does,
// and keeps the results of its items for the report. While it lives it receives the messages of the
// library, too.
class RunProgress : public Progress {
 public:
  explicit RunProgress(ProgressOptions options);
  RunProgress(const RunProgress&) = delete;
  RunProgress& operator=(const RunProgress&) = delete;
  ~RunProgress() override;

  void begin(std::string_view task, std::int64_t item_count) override;
  void item_count_changed(std::int64_t item_count) override;
  void item_finished(const ItemResult& result) override;
  void training_step(std::int64_t step, std::int64_t step_count, double loss) override;
  void note(std::string_view line) override;
  bool stop_requested() const override;

  // An error that ends the run: one line on stderr, and in the files.
  void failure(std::string_view line);
  const std::vector<ItemResult>& items() const { return items_; }

 private:
  using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  using Clock = std::chrono::steady_clock;

  static FilePointer open_for_append(const std::string& path);
  void receive_log(LogLevel level, std::string_view message);
  void write_log(std::string_view level, std::string_view line);
  void write_event(const std::string& json_line);
  void show(std::FILE* stream, std::string_view line);
  void show_counter();
  void end_counter();

  ProgressOptions options_;
  FilePointer log_;
  FilePointer events_;
  std::mutex mutex_;
  std::string task_;
  std::int64_t item_count_ = 0;
  std::int64_t finished_count_ = 0;
  double last_loss_ = 0;
  Clock::time_point task_begin_;
  Clock::time_point last_shown_;
  bool counter_is_shown_ = false;
  std::set<std::string, std::less<>> warnings_;  // that were shown: each is said once
  std::vector<ItemResult> items_;
};

}  // namespace limpid
