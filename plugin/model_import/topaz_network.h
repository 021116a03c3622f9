#pragma once

#include "core/io/safetensors.h"
#include "core/nn/model.h"

namespace limpid {

// The model that tensors named and shaped as in a state_dict of Topaz-Denoise are: one of its
// U-Nets (enc1.0.weight ... dec1.4.bias), a chain (net.0.weight, net.2.weight ...) or a single
// filter (filter.weight). Its description has the network, the grey scale, and the name
// "topaz-NAME" that Topaz has for a network of these sizes, else "topaz". Throws Error(model) that
// names a tensor.
Model topaz_model(const TensorFile& file);

}  // namespace limpid
