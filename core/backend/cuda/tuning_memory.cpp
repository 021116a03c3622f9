#include "core/backend/cuda/tuning_memory.h"

#include <algorithm>

namespace limpid::cuda {

TuningMemory::TuningMemory(Context& context, const ConvolutionGeometry& geometry)
    : context_(context), geometry_(geometry) {}

TensorAddresses TuningMemory::addresses(const Epilogue& epilogue) {
  allocate();
  TensorAddresses addresses;
  for (const auto& [number, tensor] : tensors_)
    if (number <= mask_number && (number != bias_number || epilogue.bias) &&
        (number != mask_number || epilogue.derivative_of != Activation::none))
      addresses[number] = tensor.data();
  return addresses;
}

const Tensor& TuningMemory::tensor(TensorNumber number) {
  allocate();
  return tensors_.at(number);
}

bool TuningMemory::is_empty() {
  allocate();
  return tensors_.empty();
}

void TuningMemory::allocate() {
  if (tried_)
    return;
  tried_ = true;
  const ConvolutionGeometry& g = geometry_;
  try {
    add(x_number, g.x, g.x_stride);
    add(y_number, g.y, g.y_stride);
    add(mask_number,
        g.x.element_count() > g.y.element_count() ? g.x : g.y,
        std::max(g.x_stride, g.y_stride));
    add(weight_number,
        {1, g.kernel_size, g.kernel_size, g.x.channels * g.y.channels},
        g.x.channels * g.y.channels);
    add(bias_number, {1, 1, 1, g.y.channels}, g.y.channels);
    add(pooled_number,
        {g.y.batch,
         std::max(g.y.height / 2, std::int64_t{1}),
         std::max(g.y.width / 2, std::int64_t{1}),
         g.y.channels},
        g.y.channels);
    // Bytes for the pool codes of y or the signs of either.
    const std::int64_t largest = std::max(g.x.element_count(), g.y.element_count());
    add(record_number, {1, 1, 1, largest / 4}, largest / 4);
  } catch (const Error&) {
    tensors_.clear();
  }
}

void TuningMemory::add(TensorNumber number, Shape shape, std::int64_t stride) {
  const std::int64_t channels = shape.channels;
  shape.channels = stride;
  const std::size_t bytes = Tensor::size_bytes(shape, geometry_.type);
  const auto block = allocate_device_memory(bytes);
  LIMPID_CUDA(cudaMemsetAsync(block->data(), 0x3c, bytes, context_.stream()));
  tensors_[number] = Tensor(shape, geometry_.type, block).channels(0, channels);
}

}  // namespace limpid::cuda
