#include "core/backend/host/control_group.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace limpid {
namespace {

// Version 1 writes a number near 2^63 for "no limit".
constexpr std::uint64_t no_limit_bytes = 1ull << 60;

// Names of the same three things in the two versions of the interface.
struct Interface {
  const char* mount;
  const char* limit;
  const char* usage;
  const char* cache_key;  // in memory.stat: caches that can be dropped at once
};
constexpr Interface unified{"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};
constexpr Interface legacy{"/sys/fs/cgroup/memory",
                           "memory.limit_in_bytes",
                           "memory.usage_in_bytes",
                           "total_inactive_file"};

// Empty for absent files and the word "max".
std::optional<std::uint64_t> read_number(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  if (file >> value && value < no_limit_bytes)
    return value;
  return std::nullopt;
}

std::uint64_t read_statistic(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string name;
  std::uint64_t value = 0;
  while (file >> name >> value)
    if (name == key)
      return value;
  return 0;
}

std::optional<ControlGroupMemory> memory_of_group(const std::string& folder,
                                                  const Interface& names) {
  const auto limit = read_number(folder + names.limit);
  const auto usage = read_number(folder + names.usage);
  if (!limit || !usage)
    return std::nullopt;
  const std::uint64_t cache =
      std::min(*usage, read_statistic(folder + "memory.stat", names.cache_key));
  return ControlGroupMemory{*limit, *limit - std::min(*limit, *usage - cache)};
}

// The limits of all groups above apply as well. A container may show its own group as the root,
// under a path that does not exist inside it; walking up arrives there.
void look_upwards(const std::string& root,
                  const Interface& names,
                  std::filesystem::path group,
                  std::optional<ControlGroupMemory>& least) {
  for (;; group = group.parent_path()) {
    const std::string slash = group == "/" ? "" : "/";
    const auto memory = memory_of_group(root + names.mount + group.string() + slash, names);
    if (memory && (!least || memory->free_bytes < least->free_bytes))
      least = memory;
    if (!group.has_relative_path())
      return;
  }
}

}  // namespace

std::optional<ControlGroupMemory> control_group_memory(const std::string& root) {
  std::optional<ControlGroupMemory> least;
  std::ifstream file(root + "/proc/self/cgroup");
  // Lines such as "4:memory:/slurm/job_7" (version 1) and "0::/user.slice" (version 2).
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos || line[second + 1] != '/')
      continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,")
      look_upwards(root, unified, group, least);
    else if (controllers.find(",memory,") != std::string::npos)
      look_upwards(root, legacy, group, least);
  }
  return least;
}

}  // namespace limpid
