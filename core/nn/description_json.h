#pragma once

#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace limpid {

// The JSON of a network description, for `read`, which makes the description of it. Keys that are
// not known, and whatever `read` finds missing or of another type, are an Error(model).
template <class Read>
auto read_description_json(const std::string& text,
                           std::initializer_list<std::string_view> known_keys,
                           const Read& read) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    for (const auto& [key, value] : json.items())
      if (std::find(known_keys.begin(), known_keys.end(), key) == known_keys.end())
        fail(ErrorKind::model, "network description: unknown key '{}'", key);
    return read(json);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::model, "network description: {}", error.what());
  }
}

}  // namespace limpid
