#pragma once

#include "core/backend/cuda/cudnn/cudnn_pass.h"
#include "core/backend/cuda/hopper/hopper_convolution.h"
#include "core/backend/cuda/value_bits.h"

#include <memory>
#include <string>
#include <vector>

namespace limpid::cuda {

// One of our own kernels for 3x3 convolutions.
struct OwnConvolution {
  const char* name;
  bool (*fits)(int compute_capability, std::int64_t input_channels, std::int64_t output_channels);
  void (*run)(const HopperConvolution& convolution, int multiprocessors, cudaStream_t stream);
  bool keeps_signs;
};

// What they are chosen by: of a gradient, `input_channels` are those of the gradient that is read.
struct OwnConvolutionProblem {
  DataType type = DataType::float32;
  std::int64_t kernel_size = 3;
  std::int64_t width = 1;
  std::int64_t input_channels = 1;
  std::int64_t output_channels = 1;
};

// Those that can, as far as tensors have the alignment they need; the best first.
std::vector<const OwnConvolution*> own_convolutions(const Context& context,
                                                    const OwnConvolutionProblem& problem);

// A convolution or its gradient with respect to the input (see CudnnPass), by one of our own
// kernels or by cuDNN, whichever is fastest on this GPU. Our own do all at once; behind cuDNN's a
// kernel of its own takes the maxima.
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
  void pool(const Tensors& tensors) const;

  Context& context_;
  Options options_;
  const OwnConvolution* own_ = nullptr;
  std::unique_ptr<CudnnPass> cudnn_;  // null with an own kernel
};

}  // namespace limpid::cuda
