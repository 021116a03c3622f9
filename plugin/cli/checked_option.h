#pragma once

#include "core/base/error.h"

#include <CLI/CLI.hpp>

#include <string>

namespace limpid {

// An option's callback from a function that throws Error: the parser expects errors of its own.
template <class Parse>
auto checked(Parse parse) {
  return [parse = std::move(parse)](const std::string& text) {
    try {
      parse(text);
    } catch (const Error& error) {
      throw CLI::ValidationError(error.what());
    }
  };
}

}  // namespace limpid
