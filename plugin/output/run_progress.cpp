#include "plugin/output/run_progress.h"

#include "core/base/error.h"
#include "core/io/printable.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <utility>

namespace limpid {
namespace {

constexpr std::size_t most_warnings_kept = 10000;
constexpr double seconds_between_counters = 0.5;

std::string time_stamp() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::localtime(std::time(nullptr)));
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::lround(std::max(0.0, seconds)));
  if (whole < 3600)
    return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

const char* name(ItemState state) {
  switch (state) {
    case ItemState::done:
      return "done";
    case ItemState::skipped:
      return "skipped";
    case ItemState::failed:
      break;
  }
  return "failed";
}

// Nothing here is worth ending a run for: a disk too full for the log fails the next result, too.
void write(std::FILE* stream, const std::string& text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
  static_cast<void>(std::fflush(stream));
}

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

RunProgress::FilePointer RunProgress::open_for_append(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  FilePointer file(descriptor < 0 ? nullptr : ::fdopen(descriptor, "a"), &std::fclose);
  if (!file)
    fail(ErrorKind::storage, "opening '{}': {}", path, std::strerror(errno));
  return file;
}

RunProgress::RunProgress(ProgressOptions options)
    : options_(std::move(options)), log_(nullptr, &std::fclose), events_(nullptr, &std::fclose) {
  if (!options_.folder.empty()) {
    log_ = open_for_append(options_.folder + "/limpid.log");
    events_ = open_for_append(options_.folder + "/progress.jsonl");
  }
  set_log_sink([this](LogLevel level, std::string_view message) { receive_log(level, message); });
}

RunProgress::~RunProgress() {
  end_counter();
  set_log_sink(nullptr);
}

void RunProgress::begin(std::string_view task, std::int64_t item_count) {
  std::lock_guard lock(mutex_);
  end_counter();
  task_ = task;
  item_count_ = item_count;
  finished_count_ = 0;
  last_loss_ = 0;
  task_begin_ = Clock::now();
  last_shown_ = {};
  write_log("info", fmt::format("{}: {}", task, item_count));
  write_event(dump({{"event", "begin"}, {"task", task_}, {"count", item_count}}));
}

void RunProgress::item_count_changed(std::int64_t item_count) {
  std::lock_guard lock(mutex_);
  if (item_count == item_count_)
    return;
  item_count_ = item_count;
  write_event(dump({{"event", "count"}, {"task", task_}, {"count", item_count}}));
  show_counter();
}

void RunProgress::item_finished(const ItemResult& result) {
  std::lock_guard lock(mutex_);
  ++finished_count_;
  items_.push_back(result);
  nlohmann::json event = {{"event", "item"},
                          {"task", task_},
                          {"name", result.name},
                          {"state", name(result.state)},
                          {"finished", finished_count_},
                          {"count", item_count_},
                          {"seconds", result.seconds}};
  if (!result.reason.empty())
    event["reason"] = result.reason;
  write_event(dump(event));
  std::string line =
      fmt::format("{} {} in {:.2f} s", result.name, name(result.state), result.seconds);
  if (!result.reason.empty())
    line += ": " + result.reason;
  write_log(result.state == ItemState::failed ? "error" : "info", line);
  if (result.state == ItemState::failed)
    show(stderr, fmt::format("limpid: {}", result.reason));
  else if (options_.verbose)
    show(stdout, line);
  show_counter();
}

void RunProgress::training_step(std::int64_t step, std::int64_t step_count, double loss) {
  std::lock_guard lock(mutex_);
  item_count_ = step_count;
  finished_count_ = step;
  last_loss_ = loss;
  write_event(dump({{"event", "step"}, {"step", step}, {"count", step_count}, {"loss", loss}}));
  show_counter();
}

void RunProgress::note(std::string_view line) {
  std::lock_guard lock(mutex_);
  write_log("info", line);
  if (!options_.quiet)
    show(stdout, line);
}

bool RunProgress::stop_requested() const {
  return options_.stop_requested && options_.stop_requested();
}

void RunProgress::failure(std::string_view line) {
  std::lock_guard lock(mutex_);
  write_log("error", line);
  write_event(dump({{"event", "failure"}, {"reason", std::string(line)}}));
  show(stderr, fmt::format("limpid: {}", line));
}

void RunProgress::receive_log(LogLevel level, std::string_view message) {
  std::lock_guard lock(mutex_);
  switch (level) {
    case LogLevel::debug:
      if (options_.verbose)
        write_log("debug", message);
      return;
    case LogLevel::info:
      write_log("info", message);
      if (!options_.quiet)
        show(stdout, message);
      return;
    case LogLevel::warning:
    case LogLevel::error:
      // A file that is read twice, for its picture say, has the same oddity twice.
      if (warnings_.size() < most_warnings_kept && !warnings_.emplace(message).second)
        return;
      write_log(level == LogLevel::warning ? "warning" : "error", message);
      show(stderr, fmt::format("limpid: {}", message));
      return;
  }
}

void RunProgress::write_log(std::string_view level, std::string_view line) {
  if (!log_)
    return;
  write(log_.get(), fmt::format("{} {} {}\n", time_stamp(), level, on_one_line(line)));
}

void RunProgress::write_event(const std::string& json_line) {
  if (!events_)
    return;
  write(events_.get(), json_line + "\n");
}

void RunProgress::show(std::FILE* stream, std::string_view line) {
  end_counter();
  // Lines of stdout are of the program's own making and may be several.
  write(stream, (stream == stderr ? on_one_line(line) : std::string(line)) + "\n");
}

// One line that is written over, by a carriage return alone: hosts show what follows the last one.
void RunProgress::show_counter() {
  if (options_.quiet)
    return;
  const Clock::time_point now = Clock::now();
  const bool is_last = finished_count_ == item_count_;
  if (!is_last &&
      std::chrono::duration<double>(now - last_shown_).count() < seconds_between_counters)
    return;
  last_shown_ = now;
  const double seconds = std::chrono::duration<double>(now - task_begin_).count();
  const double remaining = finished_count_ > 0
                               ? seconds / static_cast<double>(finished_count_) *
                                     static_cast<double>(item_count_ - finished_count_)
                               : 0;
  const std::string loss = last_loss_ != 0 ? fmt::format(", loss {:.5f}", last_loss_) : "";
  write(stdout,
        fmt::format("\r{}: {} of {}{}, {} so far, {} to go   ",
                    task_,
                    finished_count_,
                    item_count_,
                    loss,
                    duration(seconds),
                    duration(remaining)));
  counter_is_shown_ = true;
}

void RunProgress::end_counter() {
  if (!counter_is_shown_)
    return;
  write(stdout, "\n");
  counter_is_shown_ = false;
}

}  // namespace limpid
