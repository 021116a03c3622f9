#pragma once

#include "plugin/denoise/denoised_item.h"
#include "plugin/job/job.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/watch/settled_files.h"

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace limpid {

// What the watch is for: how to name, take and begin what it finds.
struct WatchTarget {
  std::string closing_file;  // ends the watch by its existence
  // Everything that decides the bytes of a result, beside its name.
  std::function<std::string(const MicrographEntry&)> fingerprint_of;
  // A newer state of the list.
  std::function<void(MicrographTable)> list_changed;
  // Whether the result is there already; then it has been counted.
  std::function<bool(const DenoiseItem&)> is_finished;
  // After a look that found something: the number of micrographs so far.
  std::function<void(std::int64_t)> found;
  std::function<void(const std::string&)> note;
};

// Gives micrographs that come while a run goes on, in the order of the list. One is given when its
// files are complete (SettledFiles); the list may be missing, empty or half-written at times.
//
// The watch ends
//  - with the closing file: what is listed then is given, complete or not;
//  - after `idle_minutes` without anything new, likewise;
//  - after `minutes`: nothing more is given.
class WatchedItems {
 public:
  WatchedItems(const MicrographInput& input, const WatchOptions& options, WatchTarget target);

  // Waits for the next item. Nothing once the watch or the run is over. Throws Error(usage) if the
  // watch ends and the list cannot be read even then.
  std::optional<DenoiseItem> next(const std::function<bool()>& is_over);

  // True if the files of an item have changed since it was given, so that it will be given again:
  // they were still being written. For another thread.
  bool take_back_if_changed(const DenoiseItem& item);

 private:
  using Clock = std::chrono::steady_clock;

  void look();
  void read_list(bool is_last_look);
  bool list_may_be_read(bool is_last_look);
  std::int64_t find_ready(bool is_last_look);
  bool is_settled(const MicrographEntry& entry);
  void wait(const std::function<bool()>& is_over) const;
  void note_once(const std::string& line);

  const MicrographInput input_;
  const WatchOptions options_;
  const WatchTarget target_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point last_news_ = begin_;

  std::mutex mutex_;  // of what follows
  SettledFiles files_;
  std::string read_fingerprint_;  // of the list file that the entries are from
  std::vector<MicrographEntry> entries_;
  std::set<std::string> taken_;  // names of results
  std::deque<DenoiseItem> ready_;
  std::set<std::string> noted_;
  bool has_ended_ = false;
};

}  // namespace limpid
