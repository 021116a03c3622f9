#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace limpid {

enum class ItemState : std::uint8_t { done, skipped, failed };

// What became of one micrograph (or picture, or simulated image).
struct ItemResult {
  std::string name;
  ItemState state = ItemState::done;
  std::string reason;  // why it failed or was skipped
  double seconds = 0;
  std::map<std::string, double> numbers;  // results worth reporting, units in the names
};

// How a running job tells whoever started it where it is, and hears that it should stop. Functions
// may be called from several threads.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void begin(std::string_view task, std::int64_t item_count) = 0;
  // The items of the task that began have become more.
  virtual void item_count_changed(std::int64_t item_count) { static_cast<void>(item_count); }
  virtual void item_finished(const ItemResult& result) = 0;
  // One number of a continuing job, such as the loss at a step.
  virtual void training_step(std::int64_t step, std::int64_t step_count, double loss) = 0;
  // A line that the user should read.
  virtual void note(std::string_view line) = 0;
  virtual bool stop_requested() const = 0;
};

}  // namespace limpid
