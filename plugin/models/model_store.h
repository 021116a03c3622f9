#pragma once

#include "core/nn/model.h"

#include <string>
#include <vector>

namespace limpid {

// A model that can be asked for by its name alone.
struct ShippedModel {
  std::string name;  // of the file, without .safetensors
  std::string path;
};

// Where the shipped models are: share/limpid/models beside the bin folder of the running program,
// or the folder that the environment variable LIMPID_MODELS names.
std::string models_folder();

// Sorted by name; none when the folder is missing. The files are not opened.
std::vector<ShippedModel> list_models();

// The file of a shipped model. What contains '/' or ends in ".safetensors" is a path already and is
// returned as it is. Throws Error(model) that lists the names there are.
std::string find_model(const std::string& name_or_path);

Model load_named_model(const std::string& name_or_path);

}  // namespace limpid
