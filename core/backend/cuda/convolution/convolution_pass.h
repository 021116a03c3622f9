#pragma once

#include "core/backend/cuda/cudnn/cudnn_convolution.h"
#include "core/backend/cuda/value_bits.h"

#include <memory>
#include <string>
#include <vector>

namespace limpid::cuda {

struct OwnConvolution;

// A convolution or its gradient with respect to the input (see CudnnPass), by one of our own
// kernels or by cuDNN, whichever is fastest on this GPU. Rows (row_convolution.h) do all at once;
// behind the others there are kernels of their own.
class ConvolutionPass {
 public:
  using Direction = CudnnPass::Direction;
  struct Options {
    Direction direction = Direction::forward;
    Epilogue epilogue{};
    bool pools = false;        // forward: also writes the 2x2 maxima
    bool keeps_codes = false;  // of these
    // Forward: rows also keep the signs of the input. Backward: they may read those of the mask
    // instead of it.
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
  bool is_possible() const { return own_ != nullptr || cudnn_->is_possible(); }
  bool keeps_signs() const;
  std::string implementation() const;

 private:
  bool is_forward() const { return options_.direction == Direction::forward; }
  using Candidates = std::vector<const OwnConvolution*>;
  Candidates find_own(const ConvolutionGeometry& geometry) const;
  std::string key(const ConvolutionGeometry& geometry) const;
  void choose(const ConvolutionGeometry& geometry, const Candidates& candidates);
  void choose_by_time(const ConvolutionGeometry& part, const Candidates& candidates);
  void run_own(const OwnConvolution& own, const Tensors& tensors) const;
  void run_rows(const Tensors& tensors) const;
  void run_wide(const Tensors& tensors) const;
  // What follows convolutions that are only that.
  void pool(const Tensors& tensors) const;

  Context& context_;
  Options options_;
  const OwnConvolution* own_ = nullptr;
  std::unique_ptr<CudnnPass> cudnn_;  // null with an own kernel
};

// Whether there are rows for a 3x3 convolution with these channels, as far as tensors have the
// alignment they need.
bool has_own_convolution(const Context& context,
                         DataType type,
                         std::int64_t kernel_size,
                         std::int64_t input_channels,
                         std::int64_t output_channels);

}  // namespace limpid::cuda
