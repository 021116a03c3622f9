#pragma once

#include "core/nn/model.h"

#include <string>

namespace limpid {

// Reads weights of Topaz-Denoise, a state_dict as torch.save() writes it, without executing
// anything in it; needs python3. Throws Error(model) that names the file, Error(usage) without
// python3.
Model import_topaz(const std::string& path);

}  // namespace limpid
