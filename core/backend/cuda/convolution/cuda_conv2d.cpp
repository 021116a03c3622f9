#include "core/backend/cuda/convolution/cuda_conv2d.h"

#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/narrow/narrow_convolution.h"

namespace limpid::cuda {
namespace {

void* address(const Tensor& flat, std::int64_t offset) {
  return flat.data() + static_cast<std::size_t>(offset) * size_bytes(flat.type());
}

}  // namespace

void* weight_address(const Parameters& parameters, std::size_t index) {
  return address(parameters.working_copy(), parameters.offset(index));
}

void* gradient_address(const Parameters& parameters, std::size_t index) {
  return address(parameters.gradient(), parameters.offset(index));
}

Tensor joined_inputs(const Conv2dDesc& desc, const Tensor& first, const Tensor& second) {
  if (desc.second_channels == 0)
    return first;
  const Tensor both = first.extended(desc.input.channels + desc.second_channels);
  require(both.channels(desc.input.channels, desc.second_channels).data() == second.data(),
          "the two inputs are not neighbours");
  return both;
}

CudaConv2d::CudaConv2d(Context& context, const Conv2dDesc& desc, Parameters& parameters)
    : context_(context), desc_(desc), parameters_(parameters) {
  require(desc.input_type == desc.output_type, "a wide convolution between types");
}

ConvolutionGeometry CudaConv2d::geometry(const Tensor& x, const Tensor& y) const {
  return {.x = x.shape(),
          .x_stride = x.pixel_stride(),
          .y = y.shape(),
          .y_stride = y.pixel_stride(),
          .kernel_size = desc_.kernel_size,
          .step = 1,
          .padding = desc_.kernel_size / 2,
          .type = desc_.input_type};
}

Tensor CudaConv2d::dense_copy(const Tensor& tensor) {
  if (!dense_memory_)
    dense_memory_ = allocate_device_memory(Tensor::size_bytes(tensor.shape(), tensor.type()));
  return Tensor(tensor.shape(), tensor.type(), dense_memory_);
}

void CudaConv2d::forward(const Forward& values) {
  const Tensor x = whole(values.input, values.second);
  const Epilogue epilogue{.bias = true, .activation = desc_.activation};
  if (!forward_) {
    forward_ = std::make_unique<ConvolutionPass>(
        context_, geometry(x, values.output), ConvolutionPass::Direction::forward, epilogue);
    dense_output_ = !forward_->is_possible();
    if (dense_output_)
      forward_ = std::make_unique<ConvolutionPass>(context_,
                                                   geometry(x, dense_copy(values.output)),
                                                   ConvolutionPass::Direction::forward,
                                                   epilogue);
    if (!forward_->is_possible())
      fail(ErrorKind::device, "cuDNN has no convolution for {}", geometry(x, values.output).key());
  }
  const Tensor y = dense_output_ ? dense_copy(values.output) : values.output;
  forward_->run(
      x, weight_address(parameters_, desc_.weight), weight_address(parameters_, desc_.bias), {}, y);
  if (dense_output_)
    copy(y, values.output, context_.stream());
}

WeightGradient::Tensors CudaConv2d::weight_gradient_tensors(const Forward& values,
                                                            const Tensor& y_gradient) const {
  return {.x = whole(values.input, values.second),
          .y_gradient = y_gradient,
          .weight_gradient = gradient_address(parameters_, desc_.weight),
          .bias_gradient = gradient_address(parameters_, desc_.bias)};
}

void CudaConv2d::plan_backward(const Forward& values, const Backward& gradients) {
  const Tensor x = whole(values.input, values.second);
  const Tensor& y = gradients.output_gradient;
  const Epilogue epilogue{.derivative_of = desc_.input_activation};
  const auto plan = [&](const Tensor& y_as_read) {
    backward_weights_ = std::make_unique<WeightGradient>(context_, geometry(x, y_as_read));
    if (!backward_weights_->is_possible())
      return false;
    if (!desc_.needs_input_gradient && desc_.second_channels == 0)
      return true;
    const Tensor dx = whole(gradients.input_gradient, gradients.second_gradient);
    backward_data_ = std::make_unique<ConvolutionPass>(
        context_, geometry(dx, y_as_read), ConvolutionPass::Direction::backward_data, epilogue);
    return backward_data_->is_possible();
  };
  if (!plan(y)) {
    dense_gradient_ = true;
    if (!plan(dense_copy(y)))
      fail(ErrorKind::device, "cuDNN has no gradient for {}", geometry(x, y).key());
  }
  backward_weights_->choose(weight_gradient_tensors(values, dense_gradient_ ? dense_copy(y) : y));
}

void CudaConv2d::backward(const Forward& values, const Backward& gradients) {
  if (!backward_weights_)
    plan_backward(values, gradients);
  Tensor y_gradient = gradients.output_gradient;
  if (dense_gradient_) {
    y_gradient = dense_copy(gradients.output_gradient);
    copy(gradients.output_gradient, y_gradient, context_.stream());
  }
  backward_weights_->run(weight_gradient_tensors(values, y_gradient));
  if (backward_data_ && !gradients.input_gradient.empty())
    backward_data_->run(y_gradient,
                        weight_address(parameters_, desc_.weight),
                        nullptr,
                        values.input,
                        whole(gradients.input_gradient, gradients.second_gradient));
}

Implementations CudaConv2d::implementations() const {
  Implementations names;
  if (forward_)
    names.forward = forward_->implementation() + (dense_output_ ? ", copied" : "");
  if (backward_data_)
    names.data_gradient = backward_data_->implementation();
  if (backward_weights_)
    names.weight_gradient =
        backward_weights_->implementation() + (dense_gradient_ ? ", copied" : "");
  return names;
}

std::unique_ptr<Conv2d> make_cuda_conv2d(Context& context,
                                         const Conv2dDesc& desc,
                                         Parameters& parameters) {
  const bool narrow_input =
      desc.input.channels <= 4 && desc.second_channels == 0 && !desc.needs_input_gradient;
  if (narrow_input)
    return std::make_unique<NarrowInputConv2d>(context, desc, parameters);
  if (desc.output_channels <= 4 && desc.activation == Activation::none)
    return std::make_unique<NarrowOutputConv2d>(context, desc, parameters);
  return std::make_unique<CudaConv2d>(context, desc, parameters);
}

}  // namespace limpid::cuda
