#pragma once

#include "core/nn/unet_description.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

enum class LayerKind : std::uint8_t {
  convolution,
  transposed_convolution,
  max_pool,
  upsample_nearest,
  space_to_depth,
  depth_to_space
};

// One step of a U-Net, in numbers.
struct UNetLayer {
  std::string name{};  // as its parameters: "enc0.conv1"; "pool0", "up0" for what has none
  LayerKind kind = LayerKind::convolution;
  std::int64_t inputs = 0;   // channels, with those of the skip connection
  std::int64_t skipped = 0;  // of them, from the skip connection
  std::int64_t outputs = 0;
  std::int64_t kernel = 0;   // 0 for what has no weights
  std::int64_t grid_px = 1;  // distance of neighbouring outputs on the image

  bool has_weights() const { return kernel > 0; }
};

// In the order of the forward pass.
std::vector<UNetLayer> layers_of(const UNetDescription& description);

}  // namespace limpid
