#include "plugin/output/input_protection.h"

#include "core/base/error.h"

#include <sys/stat.h>

#include <map>
#include <optional>
#include <utility>

namespace limpid {
namespace {

// What a file is on this machine, whatever links lead to it.
using FileIdentity = std::pair<dev_t, ino_t>;

std::optional<FileIdentity> identify(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || S_ISDIR(status.st_mode))
    return std::nullopt;
  return FileIdentity(status.st_dev, status.st_ino);
}

}  // namespace

void forbid_replacing_inputs(const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs) {
  std::map<FileIdentity, const std::string*> read;
  for (const std::string& path : inputs)
    if (const auto identity = identify(path))
      read.emplace(*identity, &path);
  for (const std::string& path : outputs)
    if (const auto identity = identify(path))
      if (const auto found = read.find(*identity); found != read.end())
        fail(ErrorKind::usage,
             "the result '{}' would replace the input '{}'; choose another output folder (--o)",
             path,
             *found->second);
}

}  // namespace limpid
