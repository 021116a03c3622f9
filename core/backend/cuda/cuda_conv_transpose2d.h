#pragma once

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/cudnn_convolution.h"
#include "core/backend/ops.h"
#include "core/backend/parameters.h"

#include <memory>

namespace limpid::cuda {

// A 2x2 transposed convolution is the data gradient of a convolution with step 2 whose weights
// (input, row, column, output) are the same block; so its gradients are that convolution's forward
// and weight passes.
class CudaConvTranspose2d : public ConvTranspose2d {
 public:
  CudaConvTranspose2d(Context& context, const ConvTranspose2dDesc& desc, Parameters& parameters);
  void forward(const Tensor& input, const Tensor& output) override;
  void backward(const Tensor& input,
                const Tensor& output_gradient,
                const Tensor& input_gradient) override;
  Implementations implementations() const override;

 private:
  // `large` is the upsampled side.
  ConvolutionGeometry geometry(const Tensor& large, const Tensor& small) const;
  Tensor dense_output() const;
  void plan_backward(const Tensor& input, const Tensor& output_gradient);

  Context& context_;
  ConvTranspose2dDesc desc_;
  Parameters& parameters_;
  std::unique_ptr<CudnnPass> forward_;
  std::unique_ptr<CudnnPass> backward_data_;
  std::unique_ptr<CudnnWeightGradient> backward_weights_;
  bool dense_output_ =
      false;  // cuDNN writes a dense tensor, which is copied into its slice with the bias added
  bool dense_gradient_ = false;
  std::shared_ptr<Storage> dense_memory_;
  std::shared_ptr<Storage> sum_workspace_;
};

}  // namespace limpid::cuda
