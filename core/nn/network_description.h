#pragma once

#include "core/nn/conv_net_description.h"
#include "core/nn/unet_description.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace limpid {

// The network of a model: a U-Net, which can be trained, or a network that can only be applied.
class NetworkDescription {
 public:
  NetworkDescription() = default;
  NetworkDescription(UNetDescription unet) : kind_(std::move(unet)) {}
  NetworkDescription(ConvNetDescription conv_net) : kind_(std::move(conv_net)) {}

  // Null for the other kind.
  const UNetDescription* unet() const { return std::get_if<UNetDescription>(&kind_); }
  const ConvNetDescription* conv_net() const { return std::get_if<ConvNetDescription>(&kind_); }
  // Whether sides of an image must be multiples of grid_px().
  bool needs_whole_grid() const { return unet() != nullptr; }

  // As the functions of the same names of both kinds.
  std::int64_t grid_px() const;
  std::int64_t receptive_radius_px() const;
  std::vector<ParameterSpec> parameters() const;
  double multiply_adds_per_pixel() const;
  double widest_tensor_channels_per_pixel() const;

  bool operator==(const NetworkDescription&) const = default;

 private:
  std::variant<UNetDescription, ConvNetDescription> kind_;
};

// One line of JSON, as stored in model files. Without "kind" it is a U-Net.
std::string to_json(const NetworkDescription& description);
NetworkDescription network_from_json(const std::string& json);

}  // namespace limpid
