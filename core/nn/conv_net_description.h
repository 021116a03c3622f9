#pragma once

#include "core/backend/ops.h"
#include "core/backend/parameters.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

struct ConvLayer {
  std::int64_t kernel_size = 3;
  std::int64_t channels = 1;  // of its output
  bool operator==(const ConvLayer&) const = default;
};

// A network of plain convolutions for one-channel images, as other programs train them: every layer
// with its own kernel size, an image of any size. It can be applied, not trained.
//
//   image -> encoder 0 -> pool -> encoder 1 -> pool -> ... -> encoder E-1
//   encoder E-1 -> upsample, concat with the input of encoder E-2 -> decoder E-2 -> ...
//   -> upsample, concat with the image -> decoder 0
//
// An encoder is one convolution, a decoder a list of them. Without encoders the network is a chain:
// decoder 0 reads the image. Sizes are halved as a pool does, without an odd last row or column,
// and doubled to the size of what is concatenated (ResampleDesc::odd_height). All convolutions but
// the last and that of the image have the activation.
struct ConvNetDescription {
  std::vector<ConvLayer> encoders;
  std::vector<std::vector<ConvLayer>> decoders;  // decoders[level]
  // Decoder 0 reads the image through a 1x1 convolution with so many outputs, since backends join
  // wide tensors only; 0, for a chain alone: as it is.
  std::int64_t image_channels = 8;
  Activation activation = Activation::leaky_relu;

  std::int64_t levels() const;
  // Origins of tiles must be multiples of this, sizes need not; no side may be smaller.
  std::int64_t grid_px() const { return std::int64_t{1} << (levels() - 1); }
  // As that of a UNetDescription, for the case that all sizes are odd.
  std::int64_t receptive_radius_px() const;
  // enc0.weight, enc0.bias, ..., image.weight, ..., dec0.conv0.weight, dec0.conv1.bias ...
  std::vector<ParameterSpec> parameters() const;
  double multiply_adds_per_pixel() const;
  double widest_tensor_channels_per_pixel() const;
  // Channels that arrive from below at decoder `level`; none in a chain.
  std::int64_t upsampled_channels(std::int64_t level) const;
  // Channels of what is concatenated with them.
  std::int64_t skipped_channels(std::int64_t level) const;

  // Throws Error(model) that lists what cannot be built.
  void check() const;
  bool operator==(const ConvNetDescription&) const = default;
};

// The value of "kind" in the JSON of such a network.
inline constexpr const char* conv_net_kind = "conv_net";

// One line of JSON, as stored in model files; unknown keys are an Error(model).
std::string to_json(const ConvNetDescription& description);
ConvNetDescription conv_net_from_json(const std::string& json);

}  // namespace limpid
