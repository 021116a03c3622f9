#pragma once

#include "core/backend/backend.h"

#include <array>
#include <cstddef>

namespace limpid::cpu {

// Memory that the operations of a backend use in turns: what lies there is lost when the operation
// returns. Grows to the largest tensor that was asked for.
class Scratch {
 public:
  // Three tensors can be held at the same time, one at each place.
  enum class Place : std::size_t { input, output, whole_output };

  explicit Scratch(Backend& backend) : backend_(backend) {}

  Tensor tensor(Place place, const Shape& shape, DataType type) {
    const std::size_t size = Tensor::size_bytes(shape, type);
    std::shared_ptr<Storage>& block = blocks_[static_cast<std::size_t>(place)];
    if (!block || block->size_bytes() < size)
      block = backend_.allocate(size);
    return Tensor(shape, type, block);
  }

 private:
  Backend& backend_;
  std::array<std::shared_ptr<Storage>, 3> blocks_;
};

}  // namespace limpid::cpu
