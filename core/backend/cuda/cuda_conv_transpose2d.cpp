#include "core/backend/cuda/cuda_conv_transpose2d.h"

#include "core/backend/cuda/cuda_conv2d.h"
#include "core/backend/cuda/kernels.h"

namespace limpid::cuda {

CudaConvTranspose2d::CudaConvTranspose2d(Context& context,
                                         const ConvTranspose2dDesc& desc,
                                         Parameters& parameters)
    : context_(context), desc_(desc), parameters_(parameters) {}

ConvolutionGeometry CudaConvTranspose2d::geometry(const Tensor& large, const Tensor& small) const {
  return {.x = large.shape(),
          .x_stride = large.pixel_stride(),
          .y = small.shape(),
          .y_stride = small.pixel_stride(),
          .kernel_size = 2,
          .step = 2,
          .padding = 0,
          .type = desc_.type};
}

Tensor CudaConvTranspose2d::dense_output() const {
  return Tensor(desc_.output(), desc_.type, dense_memory_);
}

void CudaConvTranspose2d::forward(const Tensor& input, const Tensor& output) {
  if (!forward_) {
    forward_ = std::make_unique<CudnnPass>(context_,
                                           geometry(output, input),
                                           CudnnPass::Direction::backward_data,
                                           Epilogue{.bias = true});
    dense_output_ = !forward_->is_possible();
    if (dense_output_) {
      dense_memory_ = allocate_device_memory(Tensor::size_bytes(desc_.output(), desc_.type));
      forward_ = std::make_unique<CudnnPass>(context_,
                                             geometry(dense_output(), input),
                                             CudnnPass::Direction::backward_data,
                                             Epilogue{});
    }
    if (!forward_->is_possible())
      fail(ErrorKind::device,
           "cuDNN has no transposed convolution for {}",
           geometry(output, input).key());
  }
  const void* weight = weight_address(parameters_, desc_.weight);
  const void* bias = weight_address(parameters_, desc_.bias);
  if (!dense_output_)
    return forward_->run(input, weight, bias, {}, output);
  forward_->run(input, weight, bias, {}, dense_output());
  copy(dense_output(), output, context_.stream());
}

void CudaConvTranspose2d::plan_backward(const Tensor& input, const Tensor& output_gradient) {
  const Epilogue epilogue{.derivative_of = desc_.input_activation};
  const auto plan = [&](const Tensor& large) {
    backward_data_ = std::make_unique<CudnnPass>(
        context_, geometry(large, input), CudnnPass::Direction::forward, epilogue);
    backward_weights_ = std::make_unique<CudnnWeightGradient>(context_, geometry(large, input));
    return backward_data_->is_possible() && backward_weights_->is_possible();
  };
  if (!plan(output_gradient)) {
    dense_gradient_ = true;
    if (!dense_memory_)
      dense_memory_ = allocate_device_memory(Tensor::size_bytes(desc_.output(), desc_.type));
    if (!plan(dense_output()))
      fail(ErrorKind::device,
           "cuDNN has no gradient for {}",
           geometry(output_gradient, input).key());
  }
  sum_workspace_ = context_.workspace(column_sum_workspace(desc_.output()));
}

void CudaConvTranspose2d::backward(const Tensor& input,
                                   const Tensor& output_gradient,
                                   const Tensor& input_gradient) {
  if (!backward_weights_)
    plan_backward(input, output_gradient);
  Tensor large = output_gradient;
  if (dense_gradient_) {
    large = dense_output();
    copy(output_gradient, large, context_.stream());
  }
  backward_weights_->run(large, input, gradient_address(parameters_, desc_.weight));
  column_sum(
      large, gradient_address(parameters_, desc_.bias), sum_workspace_->data(), context_.stream());
  if (input_gradient.empty())
    return;
  backward_data_->run(
      large, weight_address(parameters_, desc_.weight), nullptr, input, input_gradient);
}

Implementations CudaConvTranspose2d::implementations() const {
  Implementations names;
  if (forward_)
    names.forward = forward_->implementation() + (dense_output_ ? ", copied" : "");
  if (backward_weights_) {
    names.data_gradient = backward_data_->implementation() + (dense_gradient_ ? ", copied" : "");
    names.weight_gradient = backward_weights_->implementation();
  }
  return names;
}

}  // namespace limpid::cuda
