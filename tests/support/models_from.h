#pragma once

#include <cstdlib>
#include <string>

namespace limpid::test {

// While it lives, shipped models come from `folder`.
class ModelsFrom {
 public:
  explicit ModelsFrom(const std::string& folder) { ::setenv("LIMPID_MODELS", folder.c_str(), 1); }
  ModelsFrom(const ModelsFrom&) = delete;
  ModelsFrom& operator=(const ModelsFrom&) = delete;
  ~ModelsFrom() { ::unsetenv("LIMPID_MODELS"); }
};

}  // namespace limpid::test
