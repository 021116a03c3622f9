#pragma once

#include "core/backend/backend.h"
#include "core/tensor/arena.h"

#include <cstdint>

namespace limpid {

// The two inputs of one convolution (or their gradients), laid out as the backend reads them:
// neighbouring channel slices of one tensor, or two dense tensors.
struct InputPair {
  Tensor first;
  Tensor second;
  bool merged = false;
};

inline InputPair plan_input_pair(Arena& arena,
                                 const Backend& backend,
                                 const Shape& first,
                                 std::int64_t second_channels) {
  const DataType type = backend.compute_type();
  Shape shape = first;
  if (backend.merges_inputs()) {
    shape.channels = first.channels + second_channels;
    const Tensor whole = arena.tensor(shape, type);
    return {
        whole.channels(0, first.channels), whole.channels(first.channels, second_channels), true};
  }
  shape.channels = second_channels;
  return {arena.tensor(first, type), arena.tensor(shape, type), false};
}

inline void release(Arena& arena, const InputPair& pair) {
  arena.release(pair.first);  // the first slice starts where the whole does
  if (!pair.merged)
    arena.release(pair.second);
}

}  // namespace limpid
