#pragma once

#include <map>
#include <optional>
#include <string>

namespace limpid::cuda {

// Remembers, from run to run, which of several equivalent ways was fastest: description of the work
// -> name of the way. One small file for each GPU model, cuDNN version and build of this library
// below $LIMPID_CACHE_DIR, $XDG_CACHE_HOME/limpid or ~/.cache/limpid. A cache that cannot be read
// or written costs time, never a result.
class PlanCache {
 public:
  explicit PlanCache(const std::string& machine);
  ~PlanCache();
  PlanCache(const PlanCache&) = delete;
  PlanCache& operator=(const PlanCache&) = delete;

  std::optional<std::string> find(const std::string& key) const;
  void store(const std::string& key, const std::string& choice);
  // Writes what is new. Also done by the destructor.
  void save();

 private:
  std::string path_;  // empty: nowhere to write
  std::map<std::string, std::string> choices_;
  bool changed_ = false;
};

}  // namespace limpid::cuda
