#pragma once

#include "core/backend/cuda/cudnn/cudnn_convolution.h"

#include <memory>
#include <string>

namespace limpid::cuda {

// A convolution or its gradient with respect to the input (see CudnnPass), by the own kernel
// (row_convolution.h) or by cuDNN, whichever is faster on this GPU.
class ConvolutionPass {
 public:
  using Direction = CudnnPass::Direction;
  ConvolutionPass(Context& context,
                  const ConvolutionGeometry& geometry,
                  Direction direction,
                  const Epilogue& epilogue);

  void run(const Tensor& from,
           const void* weight,
           const void* bias,
           const Tensor& mask,
           const Tensor& to) const;
  // See CudnnPass.
  bool is_possible() const { return is_own_ || cudnn_->is_possible(); }
  std::string implementation() const { return is_own_ ? "own rows" : cudnn_->implementation(); }

 private:
  void choose(const ConvolutionGeometry& geometry);
  bool own_is_faster(const ConvolutionGeometry& geometry) const;
  void run_own(const Tensor& from,
               const void* weight,
               const void* bias,
               const Tensor& mask,
               const Tensor& to) const;

  Context& context_;
  Direction direction_;
  Epilogue epilogue_;
  bool is_own_ = false;
  std::unique_ptr<CudnnPass> cudnn_;  // null with the own kernel
};

}  // namespace limpid::cuda
