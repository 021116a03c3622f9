#pragma once

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/cudnn/cudnn_pass.h"
#include "core/backend/cuda/cudnn/cudnn_weight_gradient.h"
#include "core/backend/ops.h"
#include "core/backend/parameters.h"

#include <memory>

namespace limpid::cuda {

struct OwnUpsamplingGradient;

// A 2x2 transposed convolution is the data gradient of a convolution with step 2 whose weights
// (input, row, column, output) are the same block; so its gradients are that convolution's forward
// and weight passes. Each of the three comes from our own kernels or from cuDNN, whichever was
// faster on this GPU.
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
  bool may_be_own() const;
  void plan_forward(const Tensor& input, const Tensor& output);
  void plan_cudnn_forward(const Tensor& input, const Tensor& output);
  void run_own(const Tensor& input, const Tensor& output);
  void run_cudnn(const Tensor& input, const Tensor& output);
  void plan_backward(const Tensor& input,
                     const Tensor& output_gradient,
                     const Tensor& input_gradient);
  void plan_cudnn_backward(const Tensor& input,
                           const Tensor& output_gradient,
                           bool with_data,
                           bool with_weights);
  bool may_have_own_data() const;
  // `large` as the plans read the output gradient.
  void data_gradient_by_own(const Tensor& input, const Tensor& large, const Tensor& input_gradient);
  void data_gradient_by_cudnn(const Tensor& input,
                              const Tensor& large,
                              const Tensor& input_gradient);
  void weight_gradient_by_own(const Tensor& input, const Tensor& large);
  void weight_gradient_by_cudnn(const Tensor& input, const Tensor& large);
  Tensor readable(const Tensor& output_gradient);

  Context& context_;
  ConvTranspose2dDesc desc_;
  Parameters& parameters_;
  bool own_ = false;                    // forward by our own kernel,
  std::unique_ptr<CudnnPass> forward_;  // else by cuDNN
  bool own_data_ = false;               // likewise the gradient of the input
  std::unique_ptr<CudnnPass> backward_data_;
  // And those of the weights and the bias.
  const OwnUpsamplingGradient* own_gradient_ = nullptr;
  std::unique_ptr<CudnnWeightGradient> backward_weights_;
  bool dense_output_ = false;    // cuDNN writes a dense tensor, which is copied into its slice
  bool dense_gradient_ = false;  // the backward plans read a dense copy of the output gradient
  std::shared_ptr<Storage> dense_memory_;
  std::shared_ptr<Storage> gradient_workspace_;
};

}  // namespace limpid::cuda
