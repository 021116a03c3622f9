#include "core/backend/cuda/convolution/cuda_conv2d.h"

#include "core/backend/cuda/hopper/rows/row_convolution.h"
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
  require(desc.second_channels == 0 || desc.input_activation == Activation::none,
          "a derivative of the first of two inputs");
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

OwnConvolutionProblem CudaConv2d::own_problem(std::int64_t inputs, std::int64_t outputs) const {
  return {.type = desc_.input_type,
          .kernel_size = desc_.kernel_size,
          .width = desc_.input.width,
          .input_channels = inputs,
          .output_channels = outputs};
}

Tensor CudaConv2d::dense_copy(const Tensor& tensor) {
  if (!dense_memory_)
    dense_memory_ = allocate_device_memory(Tensor::size_bytes(tensor.shape(), tensor.type()));
  return Tensor(tensor.shape(), tensor.type(), dense_memory_);
}

void CudaConv2d::forward(const Forward& values) {
  const Tensor x = whole(values.input, values.second);
  if (!forward_) {
    const ConvolutionPass::Options options{
        .epilogue = {.bias = true, .activation = desc_.activation},
        .pools = desc_.pool_output,
        .keeps_codes = pool_codes(values) != nullptr,
        .has_signs = signs(values) != nullptr};
    forward_ = std::make_unique<ConvolutionPass>(context_, geometry(x, values.output), options);
    dense_output_ = !forward_->is_possible();
    if (dense_output_)
      forward_ = std::make_unique<ConvolutionPass>(
          context_, geometry(x, dense_copy(values.output)), options);
    if (!forward_->is_possible())
      fail(ErrorKind::device, "cuDNN has no convolution for {}", geometry(x, values.output).key());
  }
  const Tensor y = dense_output_ ? dense_copy(values.output) : values.output;
  forward_->run({.from = x,
                 .weight = weight_address(parameters_, desc_.weight),
                 .bias = weight_address(parameters_, desc_.bias),
                 .to = y,
                 .pooled = values.pooled,
                 .pool_codes = pool_codes(values),
                 .signs = signs(values)});
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
  const ConvolutionPass::Options options{.direction = ConvolutionPass::Direction::backward_data,
                                         .epilogue = {.derivative_of = desc_.input_activation},
                                         .has_signs = forward_ && forward_->keeps_signs()};
  const auto plan = [&](const Tensor& y_as_read) {
    backward_weights_ = std::make_unique<WeightGradient>(context_, geometry(x, y_as_read));
    if (!backward_weights_->is_possible())
      return false;
    const bool is_joined = desc_.second_channels > 0 && gradients.second_gradient.empty();
    if (is_joined || (!desc_.needs_input_gradient && desc_.second_channels == 0))
      return true;
    const Tensor dx = whole(gradients.input_gradient, gradients.second_gradient);
    backward_data_ = std::make_unique<ConvolutionPass>(context_, geometry(dx, y_as_read), options);
    return backward_data_->is_possible();
  };
  if (!plan(y)) {
    dense_gradient_ = true;
    if (!plan(dense_copy(y)))
      fail(ErrorKind::device, "cuDNN has no gradient for {}", geometry(x, y).key());
  }
  backward_weights_->choose(weight_gradient_tensors(values, dense_gradient_ ? dense_copy(y) : y));
}

void CudaConv2d::pool_backward(const Forward& values, const Backward& gradients) const {
  if (const PoolCode* codes = pool_codes(values))
    return max_pool_backward_with_codes(codes,
                                        gradients.pooled_gradient,
                                        gradients.output_gradient,
                                        desc_.activation,
                                        context_.stream());
  max_pool_backward(
      values.output,
      gradients.pooled_gradient,
      gradients.output_gradient,
      {.input = desc_.output(), .input_activation = desc_.activation, .accumulate = true},
      context_.stream());
}

// By own kernels: cuDNN has no gradient of some channels alone.
CudaConv2d::PartKernels CudaConv2d::part_kernels() const {
  const auto best = [&](std::int64_t inputs) -> const OwnConvolution* {
    const auto found = own_convolutions(context_, own_problem(desc_.output_channels, inputs));
    return found.empty() ? nullptr : found.front();
  };
  return {best(desc_.input.channels), best(desc_.second_channels)};
}

// Where own kernels are chosen by time they join where they have always been faster than cuDNN.
bool CudaConv2d::joins_skip() const {
  constexpr std::int64_t widest_beside_cudnn = 64;
  if (desc_.second_channels == 0 || !desc_.needs_input_gradient ||
      !can_keep_pool_codes(desc_.input))
    return false;
  if (context_.kernels() == Kernels::fastest && desc_.output_channels > widest_beside_cudnn)
    return false;
  const PartKernels kernels = part_kernels();
  return kernels.first != nullptr && kernels.second != nullptr;
}

HopperConvolution CudaConv2d::gradient_of_part(const Tensor& output_gradient,
                                               const Tensor& input_gradient,
                                               std::int64_t first_channel) const {
  return {.input = output_gradient,
          .output = input_gradient,
          .pooled = {},
          .weight = weight_address(parameters_, desc_.weight),
          .backward = true,
          .mask = {},
          .weight_channels = desc_.input.channels + desc_.second_channels,
          .first_weight_channel = first_channel};
}

void CudaConv2d::backward_first(const Backward& gradients) const {
  part_kernels().first->run(
      gradient_of_part(gradients.output_gradient, gradients.input_gradient, 0),
      context_.multiprocessor_count(),
      context_.stream());
}

void CudaConv2d::skip_backward(const Forward&, const SkipBackward& gradients) {
  HopperConvolution convolution =
      gradient_of_part(gradients.output_gradient, gradients.second_gradient, desc_.input.channels);
  convolution.activation = desc_.second_activation;
  convolution.pooled = gradients.pooled_gradient;
  convolution.pool_codes = reinterpret_cast<PoolCode*>(gradients.pool_record.data());
  part_kernels().second->run(convolution, context_.multiprocessor_count(), context_.stream());
}

std::size_t CudaConv2d::pool_code_bytes() const {
  const bool has_codes = desc_.pool_output && can_keep_pool_codes(desc_.output());
  return has_codes ? static_cast<std::size_t>(desc_.pooled().element_count()) : 0;
}

std::size_t CudaConv2d::sign_bytes() const {
  const auto may_be_by_rows = [&](std::int64_t from, std::int64_t to) {
    const auto found = own_convolutions(context_, own_problem(from, to));
    return !found.empty() && found.front()->keeps_signs;
  };
  const std::int64_t inputs = desc_.input.channels;
  const bool has_signs = desc_.input_activation != Activation::none && desc_.second_channels == 0 &&
                         can_keep_signs(inputs) && may_be_by_rows(inputs, desc_.output_channels) &&
                         may_be_by_rows(desc_.output_channels, inputs);
  return has_signs ? static_cast<std::size_t>(desc_.input.element_count()) / 8 : 0;
}

std::size_t CudaConv2d::record_bytes() const {
  return pool_code_bytes() + sign_bytes();
}

PoolCode* CudaConv2d::pool_codes(const Forward& values) const {
  return values.record.empty() || pool_code_bytes() == 0
             ? nullptr
             : reinterpret_cast<PoolCode*>(values.record.data());
}

SignByte* CudaConv2d::signs(const Forward& values) const {
  if (values.record.empty() || sign_bytes() == 0)
    return nullptr;
  return reinterpret_cast<SignByte*>(values.record.data()) + pool_code_bytes();
}

void CudaConv2d::backward(const Forward& values, const Backward& gradients) {
  if (!gradients.pooled_gradient.empty())
    pool_backward(values, gradients);
  if (!backward_weights_)
    plan_backward(values, gradients);
  Tensor y_gradient = gradients.output_gradient;
  if (dense_gradient_) {
    y_gradient = dense_copy(gradients.output_gradient);
    copy(gradients.output_gradient, y_gradient, context_.stream());
  }
  backward_weights_->run(weight_gradient_tensors(values, y_gradient));
  if (gradients.input_gradient.empty())
    return;
  if (desc_.second_channels > 0 && gradients.second_gradient.empty())
    backward_first(gradients);
  else
    backward_data_->run({.from = y_gradient,
                         .weight = weight_address(parameters_, desc_.weight),
                         .mask = values.input,
                         .to = whole(gradients.input_gradient, gradients.second_gradient),
                         .signs = forward_ && forward_->keeps_signs() ? signs(values) : nullptr});
}

Implementations CudaConv2d::implementations() const {
  Implementations names;
  if (forward_)
    names.forward = forward_->implementation() + (dense_output_ ? ", copied" : "");
  if (backward_data_)
    names.data_gradient = backward_data_->implementation();
  else if (backward_weights_ && joins_skip())
    names.data_gradient = std::string(part_kernels().first->name) + ", skip apart";
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
  const bool narrow_output = desc.output_channels <= 4 && desc.activation == Activation::none;
  if (desc.pool_output && (narrow_input || narrow_output))
    return nullptr;
  if (narrow_input)
    return std::make_unique<NarrowInputConv2d>(context, desc, parameters);
  if (narrow_output)
    return std::make_unique<NarrowOutputConv2d>(context, desc, parameters);
  return std::make_unique<CudaConv2d>(context, desc, parameters);
}

}  // namespace limpid::cuda
