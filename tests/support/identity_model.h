#pragma once

#include "tests/support/small_model.h"

#include <cstddef>
#include <string>

namespace limpid::test {

// A model that gives every image back: positive and negative parts go through the first encoder,
// the skip connection and the last decoder in channels of their own.
inline Model identity_model() {
  Model model = small_model();
  model.description.name = "identity";
  model.parameters.clear();
  constexpr std::size_t pixels = 4;  // of a block, as channels
  constexpr std::size_t skip_begin = 32;
  for (const ParameterSpec& spec : model.description.network.parameters()) {
    std::vector<float>& values = model.parameters.emplace_back(spec.element_count(), 0.0f);
    const auto connect = [&](std::size_t output, std::size_t input, float weight) {
      const auto inputs = static_cast<std::size_t>(spec.shape[1]);
      const auto taps = static_cast<std::size_t>(spec.shape[2] * spec.shape[3]);
      values[(output * inputs + input) * taps + taps / 2] = weight;
    };
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      if (spec.name == "enc0.conv0.weight") {
        connect(pixel, pixel, 1);
        connect(pixels + pixel, pixel, -1);
      } else if (spec.name == "out.weight") {
        connect(pixel, pixel, 1);
        connect(pixel, pixels + pixel, -1);
      }
    }
    for (std::size_t channel = 0; channel < 2 * pixels; ++channel) {
      if (spec.name == "enc0.conv1.weight" || spec.name == "dec0.conv1.weight")
        connect(channel, channel, 1);
      else if (spec.name == "dec0.conv0.weight")
        connect(channel, skip_begin + channel, 1);
    }
  }
  return model;
}

}  // namespace limpid::test
