#pragma once

#include "core/nn/model.h"
#include "plugin/models/model_store.h"

#include <string>
#include <vector>

namespace limpid {

// One line a model, under a header; what cannot be read says why.
std::string model_table(const std::vector<ShippedModel>& models);

// What is known about one model, one line each.
std::string describe_model(const Model& model);

std::int64_t parameter_count(const NetworkDescription& network);

}  // namespace limpid
