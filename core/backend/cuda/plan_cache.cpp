#include "core/backend/cuda/plan_cache.h"

#include "core/base/log.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace limpid::cuda {
namespace {

namespace fs = std::filesystem;

// Null if it is not set, or to nothing, which means the same.
const char* set_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? nullptr : value;
}

fs::path cache_folder() {
  if (const char* folder = set_variable("LIMPID_CACHE_DIR"))
    return folder;
  if (const char* folder = set_variable("XDG_CACHE_HOME"))
    return fs::path(folder) / "limpid";
  if (const char* folder = set_variable("HOME"))
    return fs::path(folder) / ".cache" / "limpid";
  return {};
}

std::string file_name(const std::string& machine) {
  std::string name = "cudnn-plans-";
  for (const char c : machine)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ? c : '-';
  return name + ".json";
}

std::map<std::string, std::string> read_choices(const fs::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  std::map<std::string, std::string> choices;
  if (json.is_object())
    for (const auto& [key, value] : json.items())
      if (value.is_string())
        choices[key] = value.get<std::string>();
  return choices;
}

}  // namespace

PlanCache::PlanCache(const std::string& machine) {
  const fs::path folder = cache_folder();
  if (folder.empty())
    return;
  path_ = (folder / file_name(machine)).string();
  choices_ = read_choices(path_);
}

PlanCache::~PlanCache() {
  save();
}

std::optional<std::string> PlanCache::find(const std::string& key) const {
  const auto found = choices_.find(key);
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

void PlanCache::store(const std::string& key, const std::string& choice) {
  choices_[key] = choice;
  changed_ = true;
}

void PlanCache::save() {
  if (!changed_ || path_.empty())
    return;
  try {
    // Another process may have learnt something since; keep both.
    auto merged = read_choices(path_);
    for (const auto& [key, choice] : choices_)
      merged[key] = choice;
    fs::create_directories(fs::path(path_).parent_path());
    const std::string temporary = path_ + "." + std::to_string(getpid()) + ".tmp";
    std::ofstream file;
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.open(temporary);
    file << nlohmann::json(merged).dump(1) << '\n';
    file.close();
    fs::rename(temporary, path_);
    changed_ = false;
  } catch (const std::exception& error) {
    log_debug("the plan cache '{}' could not be written: {}", path_, error.what());
  }
}

}  // namespace limpid::cuda
