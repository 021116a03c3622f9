#pragma once

#include "core/backend/ops.h"
#include "core/backend/parameters.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

enum class Upsampling : std::uint8_t {
  transposed_convolution,  // learned, 2x2, halves the channels
  nearest                  // repeats pixels; the convolution that follows does the rest
};

// A U-Net for one-channel images, in numbers: the one description from which every backend builds
// the network.
//
//   image -> [space_to_depth] -> encoder 0 -> pool -> encoder 1 -> ... -> encoder L-1 (bottleneck)
//   bottleneck -> upsample, concat with encoder L-2 -> decoder L-2 -> ... -> decoder 0 -> 1x1 ->
//   [depth_to_space]
//
// An encoder or decoder is two k x k convolutions with activation and `channels[level]` outputs.
struct UNetDescription {
  std::int64_t unshuffle = 1;  // 1, or 2: the network works on 2x2 pixels as 4 channels
  std::vector<std::int64_t> channels = {
      32, 64, 128, 256, 512};  // of each level, the bottleneck last
  std::int64_t kernel_size = 3;
  Upsampling upsampling = Upsampling::transposed_convolution;
  Activation activation = Activation::relu;

  std::int64_t levels() const { return static_cast<std::int64_t>(channels.size()); }
  // Image sizes, and the origins of tiles, must be multiples of this.
  std::int64_t grid_px() const { return unshuffle << (levels() - 1); }
  // Beyond this distance an image pixel cannot change an output pixel, wherever on the grid they
  // lie.
  std::int64_t receptive_radius_px() const;
  // Channels that arrive from below at decoder `level`.
  std::int64_t upsampled_channels(std::int64_t level) const;
  // Names as in the PyTorch module of tests/pytorch: enc0.conv0.weight, up0.weight,
  // dec0.conv1.bias, out.weight ...
  std::vector<ParameterSpec> parameters() const;
  // Multiply-adds for one pixel of the image.
  double multiply_adds_per_pixel() const;
  // Elements of the largest tensor of activations for one pixel of the image.
  double widest_tensor_channels_per_pixel() const;

  // Throws Error(model) that lists what cannot be built.
  void check() const;
  bool operator==(const UNetDescription&) const = default;
};

// "classic" (7,759,521 parameters, the network of all comparisons with PyTorch) or "default".
// Throws Error(usage) for another name.
UNetDescription preset_network(const std::string& name);

// A preset by its name, or what a line of JSON describes. Throws Error(usage).
UNetDescription choose_network(const std::string& name_or_json);

// One line of JSON, as stored in model files; unknown keys are an Error(model).
std::string to_json(const UNetDescription& description);
UNetDescription unet_from_json(const std::string& json);

}  // namespace limpid
