#pragma once

#include "core/backend/cuda/cudnn/cudnn_convolution.h"
#include "core/backend/cuda/value_bits.h"

#include <memory>
#include <string>

namespace limpid::cuda {

// A convolution or its gradient with respect to the input (see CudnnPass), by the own kernel
// (row_convolution.h), which does all at once, or by cuDNN and kernels after it, whichever is
// faster on this GPU.
class ConvolutionPass {
 public:
  using Direction = CudnnPass::Direction;
  struct Options {
    Direction direction = Direction::forward;
    Epilogue epilogue{};
    bool pools = false;        // forward: also writes the 2x2 maxima
    bool keeps_codes = false;  // of these
    // Forward: also keeps the signs of the input if it is the own kernel. Backward: may read those
    // of the mask instead of it.
    bool has_signs = false;
  };
  struct Tensors {
    Tensor from;
    const void* weight = nullptr;
    const void* bias = nullptr;
    Tensor mask{};
    Tensor to;
    Tensor pooled{};
    PoolCode* pool_codes = nullptr;
    SignByte* signs = nullptr;
  };

  ConvolutionPass(Context& context, const ConvolutionGeometry& geometry, const Options& options);
  void run(const Tensors& tensors) const;
  // See CudnnPass.
  bool is_possible() const { return is_own_ || cudnn_->is_possible(); }
  bool keeps_signs() const { return is_own_ && options_.has_signs; }
  std::string implementation() const;

 private:
  bool is_forward() const { return options_.direction == Direction::forward; }
  void choose(const ConvolutionGeometry& geometry);
  bool own_is_faster(const ConvolutionGeometry& geometry) const;
  void run_own(const Tensors& tensors) const;
  // What follows cuDNN's convolution.
  void pool(const Tensors& tensors) const;

  Context& context_;
  Options options_;
  bool is_own_ = false;
  std::unique_ptr<CudnnPass> cudnn_;  // null with the own kernel
};

// Whether there is an own kernel for a 3x3 convolution with these channels, as far as tensors have
// the alignment it needs.
bool has_own_convolution(const Context& context,
                         DataType type,
                         std::int64_t kernel_size,
                         std::int64_t input_channels,
                         std::int64_t output_channels);

}  // namespace limpid::cuda
