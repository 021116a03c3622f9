#include "core/backend/cuda/hopper/hopper_convolution.h"

#include "core/base/error.h"

namespace limpid::cuda {
namespace {

bool is_aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % 16 == 0;
}
bool is_aligned(const Tensor& t) {
  return t.empty() || (t.pixel_stride() % 8 == 0 && is_aligned(t.data()));
}

}  // namespace

void check_tensors(const HopperConvolution& c) {
  const Shape& from = c.input.shape();
  const Shape& to = c.output.shape();
  require(is_aligned(c.input) && is_aligned(c.output) && is_aligned(c.pooled) &&
              is_aligned(c.mask) && is_aligned(c.weight),
          "a tensor without 16-byte alignment");
  require(c.mask.empty() || c.mask.shape() == to, "a mask of another shape");
  require(from.batch == to.batch && from.height == to.height && from.width == to.width,
          "a convolution that changes the size");
  require(!c.backward || c.pooled.empty() ||
              (c.pool_codes != nullptr && to.height % 2 == 0 && to.width % 2 == 0),
          "a pooled gradient of odd sizes or without codes");
}

}  // namespace limpid::cuda
