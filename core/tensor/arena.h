#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>

namespace limpid {

// Plans the memory of a sequence of operations whose shapes are known beforehand. Tensors are asked
// for and released in the order in which the operations will run; memory of released tensors is
// used again. Nothing is allocated before bind(), which takes one block for all.
class Arena {
 public:
  Arena();

  Tensor tensor(const Shape& shape, DataType type);
  // The memory of a tensor from tensor() may be given to tensors asked for later.
  void release(const Tensor& tensor);

  // The most memory in use at one time so far.
  std::size_t size_bytes() const { return high_water_bytes_; }

  // Gives all tensors their address. `allocate` returns a block of at least the size asked for.
  void bind(const std::function<std::shared_ptr<Storage>(std::size_t size_bytes)>& allocate);

 private:
  std::size_t take(std::size_t size_bytes);

  std::shared_ptr<Storage> storage_;
  std::map<std::size_t, std::size_t> free_;  // offset -> size; neighbours are merged
  std::map<std::size_t, std::size_t> used_;  // offset -> size
  std::size_t high_water_bytes_ = 0;
};

}  // namespace limpid
