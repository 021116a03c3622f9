#include "plugin/watch/watched_items.h"

#include "core/base/error.h"
#include "plugin/output/journal.h"

#include <fmt/format.h>
#include <system_error>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

namespace limpid {
namespace {

using Minutes = std::chrono::duration<double, std::ratio<60>>;

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

bool is_longer(std::chrono::steady_clock::duration elapsed, double limit_minutes) {
  return limit_minutes > 0 && Minutes(elapsed).count() > limit_minutes;
}

}  // namespace

WatchedItems::WatchedItems(const MicrographInput& input,
                           const WatchOptions& options,
                           WatchTarget target)
    : input_(input), options_(options), target_(std::move(target)) {}

std::optional<DenoiseItem> WatchedItems::next(const std::function<bool()>& is_over) {
  while (!is_over()) {
    {
      const std::lock_guard lock(mutex_);
      if (!has_ended_ && is_longer(Clock::now() - begin_, options_.minutes)) {
        target_.note(fmt::format("The {:g} minutes of the watch are over", options_.minutes));
        has_ended_ = true;
        ready_.clear();
      }
      if (ready_.empty() && !has_ended_)
        look();
      if (!ready_.empty()) {
        DenoiseItem item = std::move(ready_.front());
        ready_.pop_front();
        last_news_ = Clock::now();
        return item;
      }
      if (has_ended_)
        return std::nullopt;
    }
    wait(is_over);
  }
  return std::nullopt;
}

void WatchedItems::look() {
  const bool is_closed = exists(target_.closing_file);
  read_list(is_closed);
  std::int64_t found = find_ready(is_closed);
  if (is_closed) {
    target_.note(fmt::format("The watch is closed by '{}'", target_.closing_file));
    std::error_code ignored;
    std::filesystem::remove(target_.closing_file, ignored);
    has_ended_ = true;
  } else if (found == 0 && is_longer(Clock::now() - last_news_, options_.idle_minutes)) {
    target_.note(
        fmt::format("Nothing new for {:g} minutes: the watch ends", options_.idle_minutes));
    read_list(true);
    found = find_ready(true);
    has_ended_ = true;
  }
  if (found > 0) {
    last_news_ = Clock::now();
    target_.found(static_cast<std::int64_t>(taken_.size()));
  }
}

// A list file that has changed since the last look may be half-written, and one that was read need
// not be read again. Patterns and folders are always looked up.
bool WatchedItems::list_may_be_read(bool is_last_look) {
  if (input_.star_file.empty())
    return true;
  const bool is_unchanged = files_.is_unchanged(input_.star_file);
  const std::string fingerprint = file_fingerprint(input_.star_file);
  if (fingerprint.empty())
    note_once(fmt::format("Waiting for '{}'", input_.star_file));
  return is_last_look || (is_unchanged && fingerprint != read_fingerprint_);
}

// Keeps the entries there were if the list cannot be read now.
void WatchedItems::read_list(bool is_last_look) {
  if (!list_may_be_read(is_last_look))
    return;
  std::string fingerprint = file_fingerprint(input_.star_file);
  std::optional<MicrographTable> table;
  try {
    table = MicrographTable::read(input_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage || (is_last_look && entries_.empty()))
      throw;
    note_once(fmt::format("Waiting for micrographs: {}", error.what()));
    return;
  }
  read_fingerprint_ = std::move(fingerprint);
  if (table->entries() == entries_)
    return;
  entries_ = table->entries();
  target_.list_changed(std::move(*table));
}

// Takes what is complete, or at the last look everything. Returns how many are new, finished
// before or not.
std::int64_t WatchedItems::find_ready(bool is_last_look) {
  std::int64_t found = 0;
  for (const MicrographEntry& entry : entries_) {
    if (taken_.contains(entry.output_name))
      continue;
    DenoiseItem item{entry, target_.fingerprint_of(entry)};
    const bool is_finished = target_.is_finished(item);
    if (!is_finished && !is_last_look && !is_settled(entry))
      continue;
    taken_.insert(entry.output_name);
    ++found;
    if (!is_finished)
      ready_.push_back(std::move(item));
  }
  return found;
}

bool WatchedItems::is_settled(const MicrographEntry& entry) {
  bool all = files_.is_complete(entry.path);
  for (const std::string& half : {entry.even_path, entry.odd_path})
    if (!half.empty() && exists(half))
      all = files_.is_complete(half) && all;
  return all;
}

bool WatchedItems::take_back_if_changed(const DenoiseItem& item) {
  const std::lock_guard lock(mutex_);
  if (has_ended_ || target_.fingerprint_of(item.entry) == item.fingerprint)
    return false;
  taken_.erase(item.entry.output_name);
  return true;
}

void WatchedItems::wait(const std::function<bool()>& is_over) const {
  const auto end = Clock::now() + std::chrono::duration<double>(options_.interval_seconds);
  while (!is_over() && Clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void WatchedItems::note_once(const std::string& line) {
  if (noted_.insert(line).second)
    target_.note(line);
}

}  // namespace limpid
