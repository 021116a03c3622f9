#pragma once

#include "core/nn/initialize.h"
#include "core/nn/model.h"

namespace limpid::test {

// A network of few parameters, not trained.
inline Model small_model() {
  Model model;
  model.description = {
      .name = "small",
      .summary = "for a test",
      .training = "not trained",
      .licence = "Apache-2.0",
      .network =
          UNetDescription{.unshuffle = 2, .channels = {16, 32}, .upsampling = Upsampling::nearest},
      .smallest_pixel_size_angstrom = 0.5,
      .largest_pixel_size_angstrom = 2.5};
  model.parameters = initial_parameters(*model.description.network.unet(), 1);
  return model;
}

}  // namespace limpid::test
