#pragma once

#include "core/backend/backend.h"
#include "core/nn/network_description.h"

#include <cstddef>
#include <functional>
#include <memory>

namespace limpid {

// A network on a backend, for one batch and image size, to be applied.
class Network {
 public:
  virtual ~Network() = default;

  // float32 (batch, height, width, 1); fill before each forward(), which may use its memory again
  // in inference.
  virtual const Tensor& image() const = 0;
  virtual const Tensor& prediction() const = 0;
  virtual std::size_t memory_bytes() const = 0;
  // `between_layers` may throw to stop on the way; the network is to be filled anew then.
  virtual void forward(const std::function<void()>& between_layers = {}) = 0;
};

// `image` is (batch, height, width, 1). Throws Error(device) when the memory is not enough.
std::unique_ptr<Network> make_network(Backend& backend,
                                      const NetworkDescription& description,
                                      Parameters& parameters,
                                      const Shape& image);

}  // namespace limpid
