#pragma once

#include "core/nn/conv_net_description.h"
#include "tests/support/tensors.h"

#include <cmath>
#include <vector>

namespace limpid::test {

// Small networks of each form.
inline const ConvNetDescription small_conv_nets[] = {
    {.encoders = {{7, 16}, {3, 24}, {3, 16}},
     .decoders = {{{5, 16}, {3, 8}, {3, 1}}, {{3, 24}, {3, 16}}}},
    {.encoders = {{3, 8}, {5, 16}}, .decoders = {{{3, 1}}}},
    {.encoders = {}, .decoders = {{{5, 16}, {3, 16}, {5, 1}}}, .image_channels = 0},
    {.encoders = {}, .decoders = {{{13, 1}}}, .activation = Activation::none},
};

// Random weights that keep the size of values from layer to layer.
inline std::vector<std::vector<float>> random_parameters(const ConvNetDescription& description) {
  std::vector<std::vector<float>> values;
  std::uint64_t stream = 20;
  for (const ParameterSpec& spec : description.parameters()) {
    const bool is_bias = spec.shape.size() == 1;
    const double scale =
        is_bias
            ? 0.1
            : std::sqrt(2.0 / static_cast<double>(spec.shape[1] * spec.shape[2] * spec.shape[3]));
    values.push_back(random_values(spec.element_count(), ++stream, scale));
  }
  return values;
}

}  // namespace limpid::test
