#include "plugin/models/model_store.h"

#include "core/base/error.h"
#include "core/io/printable.h"
#include "plugin/machine/installation.h"

#include <fmt/ranges.h>
#include <system_error>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace limpid {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view model_suffix = ".safetensors";

bool is_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(model_suffix);
}

std::string names_of(const std::vector<ShippedModel>& models) {
  std::vector<std::string> names;
  for (const ShippedModel& model : models)
    names.push_back("'" + model.name + "'");
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string models_folder() {
  const char* chosen = std::getenv("LIMPID_MODELS");
  if (chosen != nullptr && *chosen != '\0')
    return chosen;
  const fs::path shared = shared_files_folder();
  if (shared.empty())
    fail(ErrorKind::model,
         "finding the shipped models: '/proc/self/exe' cannot be read; "
         "the environment variable LIMPID_MODELS can name their folder");
  return (shared / "models").string();
}

std::vector<ShippedModel> list_models() {
  std::vector<ShippedModel> models;
  std::error_code error;
  for (fs::directory_iterator entry(models_folder(), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    std::error_code unreadable;
    // A leading dot marks files that are still being written.
    if (file.starts_with('.') || !file.ends_with(model_suffix) ||
        !entry->is_regular_file(unreadable))
      continue;
    models.push_back({file.substr(0, file.size() - model_suffix.size()), entry->path().string()});
  }
  std::sort(
      models.begin(), models.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return models;
}

std::string find_model(const std::string& name_or_path) {
  if (is_path(name_or_path))
    return name_or_path;
  const std::vector<ShippedModel> models = list_models();
  for (const ShippedModel& model : models)
    if (model.name == name_or_path)
      return model.path;
  fail(ErrorKind::model,
       "looking for the model '{}': {} in '{}'; a file is named with its path, such as './{}'",
       printable(name_or_path),
       models.empty() ? "there are no models" : fmt::format("there are only {}", names_of(models)),
       models_folder(),
       name_or_path.empty() ? "model.safetensors" : printable(name_or_path));
}

Model load_named_model(const std::string& name_or_path) {
  return load_model(find_model(name_or_path));
}

}  // namespace limpid
