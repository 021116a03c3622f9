#pragma once

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/convolution/convolution_pass.h"
#include "core/backend/cuda/convolution/weight_gradient.h"
#include "core/backend/cuda/hopper/hopper_convolution.h"
#include "core/backend/ops.h"
#include "core/backend/parameters.h"

#include <memory>
#include <optional>

namespace limpid::cuda {

// Addresses of one parameter inside the flat blocks.
void* weight_address(const Parameters& parameters, std::size_t index);
void* gradient_address(const Parameters& parameters, std::size_t index);

// The one tensor of which the two inputs of a convolution (or their gradients) are neighbouring
// slices; `first` where there is no second.
Tensor joined_inputs(const Conv2dDesc& desc, const Tensor& first, const Tensor& second);

// A convolution on the tensor cores, through cuDNN or own kernels. Two inputs are neighbouring
// slices of one tensor and are read as one. Plans of the backward pass are made at its first use.
// The record is pool codes, then signs of the input (value_bits.h).
class CudaConv2d : public Conv2d {
 public:
  CudaConv2d(Context& context, const Conv2dDesc& desc, Parameters& parameters);

  void forward(const Forward& values) override;
  void backward(const Forward& values, const Backward& gradients) override;
  bool joins_skip() const override;
  void skip_backward(const Forward& values, const SkipBackward& gradients) override;
  std::size_t record_bytes() const override;
  Implementations implementations() const override;

 private:
  ConvolutionGeometry geometry(const Tensor& x, const Tensor& y) const;
  Tensor whole(const Tensor& first, const Tensor& second) const {
    return joined_inputs(desc_, first, second);
  }
  WeightGradient::Tensors weight_gradient_tensors(const Forward& values,
                                                  const Tensor& y_gradient) const;
  void plan_backward(const Forward& values, const Backward& gradients);
  void pool_backward(const Forward& values, const Backward& gradients) const;
  OwnConvolutionProblem own_problem(std::int64_t inputs, std::int64_t outputs) const;
  // For the gradients of one of two inputs each; null where there is none.
  struct PartKernels {
    const OwnConvolution* first;
    const OwnConvolution* second;
  };
  PartKernels part_kernels() const;
  HopperConvolution gradient_of_part(const Tensor& output_gradient,
                                     const Tensor& input_gradient,
                                     std::int64_t first_channel) const;
  void backward_first(const Backward& gradients) const;
  std::size_t pool_code_bytes() const;
  std::size_t sign_bytes() const;
  // Parts of the record; null where there is none.
  PoolCode* pool_codes(const Forward& values) const;
  SignByte* signs(const Forward& values) const;
  // `tensor`, or a dense copy of it for plans that need one.
  Tensor dense_copy(const Tensor& tensor);

  Context& context_;
  Conv2dDesc desc_;
  Parameters& parameters_;
  std::unique_ptr<ConvolutionPass> forward_;
  std::unique_ptr<ConvolutionPass> backward_data_;
  std::unique_ptr<WeightGradient> backward_weights_;
  bool dense_output_ = false;    // forward_ writes a dense tensor, which is then copied
  bool dense_gradient_ = false;  // the backward plans read a dense copy of the output gradient
  std::shared_ptr<Storage> dense_memory_;
};

// The convolution for this description: CudaConv2d, or the kernels for 1 to 4 channels at either
// side, which do not pool: null.
std::unique_ptr<Conv2d> make_cuda_conv2d(Context& context,
                                         const Conv2dDesc& desc,
                                         Parameters& parameters);

}  // namespace limpid::cuda
