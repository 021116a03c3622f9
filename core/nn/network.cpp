#include "core/nn/network.h"

#include "core/nn/conv_net.h"
#include "core/nn/unet.h"

namespace limpid {

std::unique_ptr<Network> make_network(Backend& backend,
                                      const NetworkDescription& description,
                                      Parameters& parameters,
                                      const Shape& image) {
  if (description.unet() != nullptr)
    return std::make_unique<UNet>(
        backend, *description.unet(), parameters, image, NetworkUse::inference);
  return std::make_unique<ConvNet>(backend, *description.conv_net(), parameters, image);
}

}  // namespace limpid
