#include "plugin/evaluation/micrograph_matching.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>

namespace limpid {
namespace {

std::string base_name(const MicrographEntry& entry) {
  return std::filesystem::path(entry.path).stem().string();
}

// Entries by base name.
class NameIndex {
 public:
  explicit NameIndex(const MicrographList& list) : source_(list.source) {
    for (const MicrographEntry& entry : list.entries) {
      std::vector<const MicrographEntry*>& entries = entries_[base_name(entry)];
      // A micrograph that is listed twice is still one.
      if (entries.empty() || entries.front()->path != entry.path)
        entries.push_back(&entry);
    }
  }

  MicrographMatch find(const std::string& name, const std::vector<std::string>& suffixes) const {
    for (const std::string& suffix : suffixes)
      if (const auto found = entries_.find(name + suffix); found != entries_.end())
        return only_one(found->second);
    const auto found = entries_.find(name);
    if (found != entries_.end())
      return only_one(found->second);
    std::string wanted = "'" + name + "'";
    for (const std::string& suffix : suffixes)
      wanted += " or '" + name + suffix + "'";
    return {nullptr, fmt::format("there is no {} in '{}'", wanted, source_)};
  }

 private:
  MicrographMatch only_one(const std::vector<const MicrographEntry*>& entries) const {
    if (entries.size() == 1)
      return {entries.front(), ""};
    return {nullptr,
            fmt::format("'{}' and '{}' in '{}' have the same name",
                        entries[0]->path,
                        entries[1]->path,
                        source_)};
  }

  std::string source_;
  std::map<std::string, std::vector<const MicrographEntry*>> entries_;
};

bool has_repeated_names(const MicrographList& list) {
  std::map<std::string, std::string> paths;
  return std::any_of(list.entries.begin(), list.entries.end(), [&](const MicrographEntry& entry) {
    return paths.emplace(base_name(entry), entry.path).first->second != entry.path;
  });
}

}  // namespace

bool is_given(const MicrographInput& input) {
  return !input.star_file.empty() || !input.paths.empty();
}

MicrographList read_list(const MicrographInput& input, const char* option) {
  return with_context(option, [&] {
    return MicrographList{MicrographTable::read(input).entries(),
                          !input.star_file.empty(),
                          input.star_file.empty() ? input.paths.front() : input.star_file};
  });
}

std::vector<MicrographMatch> match_micrographs(const MicrographList& micrographs,
                                               const MicrographList& others,
                                               const std::vector<std::string>& suffixes) {
  const NameIndex index(others);
  std::vector<MicrographMatch> matches;
  bool any_found = false;
  for (const MicrographEntry& micrograph : micrographs.entries) {
    matches.push_back(index.find(base_name(micrograph), suffixes));
    any_found = any_found || matches.back().entry != nullptr;
  }
  const bool rows_correspond =
      micrographs.is_star && others.is_star && micrographs.entries.size() == others.entries.size();
  const bool names_identify =
      any_found && !has_repeated_names(micrographs) && !has_repeated_names(others);
  if (rows_correspond && !names_identify)
    for (std::size_t i = 0; i < matches.size(); ++i)
      matches[i] = {&others.entries[i], ""};
  return matches;
}

}  // namespace limpid
