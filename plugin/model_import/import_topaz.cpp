#include "plugin/model_import/import_topaz.h"

#include "core/base/error.h"
#include "core/io/input_file.h"
#include "core/io/printable.h"
#include "core/io/safetensors.h"
#include "plugin/machine/installation.h"
#include "plugin/model_import/python_script.h"
#include "plugin/model_import/topaz_network.h"

#include <fmt/format.h>

#include <filesystem>

namespace limpid {

Model import_topaz(const std::string& path) {
  const std::string hash = content_hash_of_file(path, ErrorKind::model);
  return with_context("importing '" + printable(path) + "'", [&] {
    Model model;
    run_python_script(
        shared_files_folder() / "model_import" / "torch_weights.py",
        {std::filesystem::absolute(path).string()},
        [&](const std::string& result) { model = topaz_model(read_safetensors(result)); });
    const std::string name = printable(std::filesystem::path(path).filename().string());
    ModelDescription& description = model.description;
    description.summary = fmt::format("Weights of Topaz-Denoise, from '{}'", name);
    description.training = fmt::format(
        "by Topaz (Bepler et al. 2020, Nature Communications 11, 5208) or with it; imported from "
        "'{}' ({})",
        name,
        hash);
    description.licence =
        "that of the imported weights; those that Topaz ships are under GPL-3.0, as Topaz";
    return model;
  });
}

}  // namespace limpid
