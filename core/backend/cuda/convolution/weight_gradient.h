#pragma once

#include "core/backend/cuda/cudnn/cudnn_weight_gradient.h"

#include <memory>
#include <string>

namespace limpid::cuda {

struct OwnWeightGradient;

// Gradients of a convolution with respect to its weights and bias: by our own kernel for this GPU
// or by cuDNN and a sum over pixels, whichever was faster on it.
class WeightGradient {
 public:
  struct Tensors {
    Tensor x;
    Tensor y_gradient;
    void* weight_gradient;  // (output, row, column, input), of the geometry's type
    void* bias_gradient;
  };

  WeightGradient(Context& context, const ConvolutionGeometry& geometry);

  bool is_possible() const { return own_ != nullptr || cudnn_ != nullptr; }
  // Once, before run(): measures both ways on the tensors, if it is not known which is faster.
  void choose(const Tensors& tensors);
  void run(const Tensors& tensors) const;
  std::string implementation() const;

 private:
  void run_own(const Tensors& tensors) const;
  void run_cudnn(const Tensors& tensors) const;
  void plan_cudnn();

  Context& context_;
  ConvolutionGeometry geometry_;
  std::string key_;
  const OwnWeightGradient* own_ = nullptr;  // null: none, or cuDNN is faster
  std::unique_ptr<CudnnWeightGradient> cudnn_;
  std::shared_ptr<Storage> workspace_;      // of our own kernel
  std::shared_ptr<Storage> sum_workspace_;  // beside cuDNN
};

}  // namespace limpid::cuda
