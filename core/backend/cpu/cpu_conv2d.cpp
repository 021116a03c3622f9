#include "core/backend/cpu/cpu_conv2d.h"

#include "core/backend/cpu/cpu_elementwise.h"

namespace limpid::cpu {
namespace {

DnnlConvolutionDesc describe(const Conv2dDesc& desc, DataType compute_type) {
  const std::int64_t channels = desc.input.channels + desc.second_channels;
  const std::int64_t k = desc.kernel_size;
  Shape input = desc.input;
  input.channels = channels;
  return {.input = input,
          .output_channels = desc.output_channels,
          .kernel_size = k,
          .type = compute_type,
          .output_type = desc.output_type,
          .activation = desc.activation,
          .weight_strides = {k * k * channels, 1, k * channels, channels}};
}

}  // namespace

CpuConv2d::CpuConv2d(DnnlEngine& engine,
                     DataType compute_type,
                     Scratch& scratch,
                     const Conv2dDesc& desc,
                     Parameters& parameters)
    : desc_(desc),
      compute_type_(compute_type),
      scratch_(scratch),
      parameters_(parameters),
      convolution_(engine, describe(desc, compute_type)) {}

void CpuConv2d::pack_changed_weights() {
  if (packed_version_ == parameters_.version())
    return;
  const float* values = parameters_.value().data_as<float>();
  convolution_.pack(values + parameters_.offset(desc_.weight),
                    values + parameters_.offset(desc_.bias));
  packed_version_ = parameters_.version();
}

Tensor CpuConv2d::joined(const Tensor& first, const Tensor& second) const {
  if (desc_.second_channels == 0)
    return first;
  const Tensor both = first.extended(desc_.input.channels + desc_.second_channels);
  require(both.channels(desc_.input.channels, desc_.second_channels).data() == second.data(),
          "the two inputs are not neighbours");
  return both;
}

Tensor CpuConv2d::dense(const Tensor& tensor, Scratch::Place place) {
  if (tensor.is_dense() && tensor.type() == compute_type_)
    return tensor;
  const Tensor copy = scratch_.tensor(place, tensor.shape(), compute_type_);
  copy_values(tensor, copy);
  return copy;
}

void CpuConv2d::forward(const Forward& values) {
  pack_changed_weights();
  const Tensor input = dense(joined(values.input, values.second), Scratch::Place::input);
  if (values.output.is_dense())
    return convolution_.forward(input.data(), values.output.data());
  const Tensor output =
      scratch_.tensor(Scratch::Place::output, values.output.shape(), values.output.type());
  convolution_.forward(input.data(), output.data());
  copy_values(output, values.output);
}

void CpuConv2d::backward(const Forward& values, const Backward& gradients) {
  pack_changed_weights();
  const Tensor input = dense(joined(values.input, values.second), Scratch::Place::input);
  const Tensor output_gradient = dense(gradients.output_gradient, Scratch::Place::output);
  float* parameter_gradients = parameters_.gradient().data_as<float>();
  convolution_.backward_weights(input.data(),
                                output_gradient.data(),
                                parameter_gradients + parameters_.offset(desc_.weight),
                                parameter_gradients + parameters_.offset(desc_.bias));
  if (gradients.input_gradient.empty())
    return;
  const Tensor input_gradient = joined(gradients.input_gradient, gradients.second_gradient);
  require(input_gradient.is_dense() && input_gradient.type() == compute_type_,
          "no gradient for an input of another type or layout");
  convolution_.backward_data(output_gradient.data(), input_gradient.data());
  multiply_by_derivative(gradients.input_gradient, values.input, desc_.input_activation);
}

}  // namespace limpid::cpu
