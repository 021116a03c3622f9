#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/input_file.h"
#include "plugin/cli/command.h"
#include "plugin/model_import/import_topaz.h"
#include "plugin/models/model_report.h"
#include "plugin/models/model_store.h"
#include "plugin/run/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <system_error>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace limpid {
namespace {

// Far above any network that can be described.
constexpr std::uint64_t largest_model_bytes = 1ull << 30;

struct ModelsOptions {
  std::string model;  // name or file
  std::string destination;
};

int list() {
  const auto models = list_models();
  if (models.empty())
    fail(ErrorKind::model, "there are no models in '{}'", models_folder());
  fmt::print("{}", model_table(models));
  return status(ExitCode::done);
}

int info(const std::string& name_or_path) {
  const std::string path = find_model(name_or_path);
  fmt::print("{}{:<17} {}\n", describe_model(load_model(path)), "file", path);
  return status(ExitCode::done);
}

int export_model(const std::string& name_or_path, const std::string& destination) {
  const std::string path = find_model(name_or_path);
  const Model model = load_model(path);  // so that nothing damaged is handed on
  write_file_atomically(destination, read_whole_file(path, largest_model_bytes, ErrorKind::model));
  fmt::print("{}  {}\n", model.hash, destination);
  return status(ExitCode::done);
}

int import_topaz_model(const std::string& path, const std::string& destination) {
  std::error_code none;
  if (std::filesystem::equivalent(path, destination, none))
    fail(ErrorKind::usage, "'{}' would be replaced by the model made from it", path);
  const Model model = import_topaz(path);
  const std::string hash = save_model(destination, model);
  fmt::print("{}  {}  {}\n", hash, model.description.name, destination);
  return status(ExitCode::done);
}

}  // namespace

CommandAction define_models(CLI::App& parser) {
  auto options = std::make_shared<ModelsOptions>();
  parser.require_subcommand(1);
  parser.add_subcommand("list", "The models that can be named");
  CLI::App* info_parser = parser.add_subcommand("info", "What a model is and how it was made");
  CLI::App* import_parser = parser.add_subcommand(
      "import-topaz", "Makes a model of weights of Topaz-Denoise; needs python3, nothing else");
  import_parser->add_option("file", options->model, "File of Topaz, such as unet_L2_v0.2.2.sav")
      ->required();
  import_parser->add_option("-o,--o", options->destination, "Model to write (.safetensors)")
      ->required();
  CLI::App* export_parser = parser.add_subcommand("export", "Copies a model into a file");
  for (CLI::App* subcommand : {info_parser, export_parser})
    subcommand->add_option("model", options->model, "Name of a shipped model, or a file")
        ->required();
  export_parser->add_option("file", options->destination, "File to write")->required();
  return [options, info_parser, import_parser, export_parser] {
    if (import_parser->parsed())
      return import_topaz_model(options->model, options->destination);
    if (info_parser->parsed())
      return info(options->model);
    if (export_parser->parsed())
      return export_model(options->model, options->destination);
    return list();
  };
}

}  // namespace limpid
