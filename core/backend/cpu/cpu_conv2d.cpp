#include "core/backend/cpu/cpu_conv2d.h"

#include "core/backend/backend.h"
#include "core/backend/cpu/cpu_elementwise.h"

namespace limpid::cpu {
namespace {

DnnlConvolutionDesc describe(const Conv2dDesc& desc, DataType compute_type, bool second) {
  const std::int64_t channels = desc.input.channels + desc.second_channels;
  const std::int64_t k = desc.kernel_size;
  Shape input = desc.input;
  if (second)
    input.channels = desc.second_channels;
  const bool last = second || desc.second_channels == 0;
  return {.input = input,
          .output_channels = desc.output_channels,
          .kernel_size = k,
          .type = compute_type,
          .output_type = last ? desc.output_type : DataType::float32,
          .activation = last ? desc.activation : Activation::none,
          .accumulate = second,
          .weight_strides = {k * k * channels, 1, k * channels, channels}};
}

}  // namespace

CpuConv2d::CpuConv2d(DnnlEngine& engine,
                     Backend& backend,
                     const Conv2dDesc& desc,
                     Parameters& parameters)
    : desc_(desc),
      compute_type_(backend.compute_type()),
      parameters_(parameters),
      first_(engine, describe(desc, compute_type_, false)) {
  if (desc.second_channels > 0) {
    second_.emplace(engine, describe(desc, compute_type_, true));
    if (desc.output_type != DataType::float32)
      partial_sums_ = backend.allocate_tensor(desc.output(), DataType::float32);
  }
  if (desc.input_type != compute_type_)
    converted_input_ = backend.allocate_tensor(desc.input, compute_type_);
  if (desc.output_type != compute_type_)
    converted_output_gradient_ = backend.allocate_tensor(desc.output(), compute_type_);
}

void CpuConv2d::pack_changed_weights() {
  if (packed_version_ == parameters_.version())
    return;
  const float* values = parameters_.value().data_as<float>();
  const float* weight = values + parameters_.offset(desc_.weight);
  first_.pack(weight, values + parameters_.offset(desc_.bias));
  if (second_)
    second_->pack(weight + desc_.input.channels, nullptr);
  packed_version_ = parameters_.version();
}

const Tensor& CpuConv2d::in_compute_type(const Tensor& tensor, const Tensor& scratch) const {
  if (tensor.type() == compute_type_)
    return tensor;
  convert(tensor, scratch);
  return scratch;
}

void CpuConv2d::forward(const Forward& values) {
  pack_changed_weights();
  const Tensor& input = in_compute_type(values.input, converted_input_);
  if (!second_)
    return first_.forward(input.data(), values.output.data());
  const Tensor& partial = partial_sums_.empty() ? values.output : partial_sums_;
  first_.forward(input.data(), partial.data());
  second_->forward(values.second.data(), values.output.data(), partial.data());
}

void CpuConv2d::backward(const Forward& values, const Backward& gradients) {
  pack_changed_weights();
  // The forward pass left a converted input in place.
  const Tensor& input = values.input.type() == compute_type_ ? values.input : converted_input_;
  const Tensor& output_gradient =
      in_compute_type(gradients.output_gradient, converted_output_gradient_);
  float* parameter_gradients = parameters_.gradient().data_as<float>();
  float* weight_gradient = parameter_gradients + parameters_.offset(desc_.weight);
  first_.backward_weights(input.data(),
                          output_gradient.data(),
                          weight_gradient,
                          parameter_gradients + parameters_.offset(desc_.bias));
  if (second_) {
    second_->backward_weights(values.second.data(),
                              output_gradient.data(),
                              weight_gradient + desc_.input.channels,
                              nullptr);
    if (!gradients.second_gradient.empty())
      second_->backward_data(output_gradient.data(), gradients.second_gradient.data());
  }
  if (desc_.needs_input_gradient && !gradients.input_gradient.empty()) {
    require(desc_.input_type == compute_type_, "no gradient for an input of another type");
    first_.backward_data(output_gradient.data(), gradients.input_gradient.data());
    multiply_by_derivative(gradients.input_gradient, values.input, desc_.input_activation);
  }
}

}  // namespace limpid::cpu
