#pragma once

#include <map>
#include <string>

namespace limpid {

// Tells files that are complete from those that another program is still writing, by looking at
// them again and again.
class SettledFiles {
 public:
  // Looks at a file. True if it is there and as it was at the last look.
  bool is_unchanged(const std::string& path);
  // The same for a micrograph, which must not be shorter than its MRC header says either.
  bool is_complete(const std::string& path);

 private:
  std::map<std::string, std::string> fingerprints_;  // by path, as of the last look
};

}  // namespace limpid
