#pragma once

#include "core/base/error.h"
#include "core/io/printable.h"

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace limpid {

// A callback for the parser that refuses what it would accept: deep nesting, and keys that occur
// twice, of which it would silently keep the last. `what` begins the messages.
class StrictJsonCheck {
 public:
  StrictJsonCheck(ErrorKind kind, std::string what) : kind_(kind), what_(std::move(what)) {}

  bool operator()(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > largest_depth)
      fail(kind_, "{} is nested deeper than {} levels", what_, largest_depth);
    if (event == Event::object_start)
      keys_of_open_objects_.emplace_back();
    else if (event == Event::object_end)
      keys_of_open_objects_.pop_back();
    else if (event == Event::key &&
             !keys_of_open_objects_.back().insert(value.get<std::string>()).second)
      fail(kind_, "{} has the key '{}' twice", what_, printable(value.get<std::string>()));
    return true;
  }

 private:
  static constexpr int largest_depth = 8;

  ErrorKind kind_;
  std::string what_;
  std::vector<std::set<std::string>> keys_of_open_objects_;
};

}  // namespace limpid
