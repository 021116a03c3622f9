#include "core/backend/cpu/dnnl_convolution.h"

#include <algorithm>

namespace limpid::cpu {

using dnnl::memory;

namespace {

dnnl::primitive_attr attributes(const DnnlConvolutionDesc& desc) {
  dnnl::post_ops operations;
  if (desc.activation != Activation::none)
    append_relu(operations, desc.activation == Activation::relu ? 0.0f : leaky_relu_slope);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(operations);
  return attributes;
}

}  // namespace

DnnlConvolution::DnnlConvolution(DnnlEngine& engine, const DnnlConvolutionDesc& desc)
    : engine_(engine), desc_(desc) {
  const memory::dim k = desc.kernel_size;
  const auto& strides = desc.weight_strides;
  plain_weights_ = memory::desc({desc.output_channels, desc.input.channels, k, k},
                                memory::data_type::f32,
                                memory::dims(strides.begin(), strides.end()));
  forward_description_ =
      describe_forward(engine.engine(), shapes(desc.output_type, desc.type), attributes(desc));
  forward_ = dnnl::convolution_forward(forward_description_);
  weights_ = memory(forward_description_.weights_desc(), engine.engine());
  bias_ = memory(forward_description_.bias_desc(), engine.engine());
}

DnnlConvolutionShapes DnnlConvolution::shapes(DataType destination_type,
                                              DataType weight_type) const {
  const memory::dim k = desc_.kernel_size;
  return {
      .source = dnnl_image(desc_.input, desc_.type),
      .weights = memory::desc({desc_.output_channels, desc_.input.channels, k, k},
                              dnnl_type(weight_type),
                              memory::format_tag::any),
      .bias = memory::desc({desc_.output_channels}, memory::data_type::f32, memory::format_tag::x),
      .destination = dnnl_image(desc_.output(), destination_type),
      .padding = k / 2};
}

dnnl::convolution_forward::primitive_desc DnnlConvolution::forward_hint() const {
  return describe_forward(engine_.engine(), shapes(desc_.type, desc_.type), {});
}

memory DnnlConvolution::memory_at(const memory::desc& desc, const void* data) const {
  return memory(desc, engine_.engine(), const_cast<void*>(data));
}

void DnnlConvolution::convert(const memory& from, const memory& to) {
  dnnl::reorder(from, to).execute(engine_.stream(), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void DnnlConvolution::pack(const float* weights, const float* bias) {
  packed_from_ = weights;
  convert(memory_at(plain_weights_, weights), weights_);
  float* packed_bias = static_cast<float*>(bias_.get_data_handle());
  if (bias)
    std::copy_n(bias, desc_.output_channels, packed_bias);
  else
    std::fill_n(packed_bias, desc_.output_channels, 0.0f);
  if (backward_data_)
    convert(memory_at(plain_weights_, weights), backward_data_->weights);
  engine_.stream().wait();
}

void DnnlConvolution::forward(const std::byte* input, std::byte* output) {
  forward_.execute(engine_.stream(),
                   {{DNNL_ARG_SRC, memory_at(forward_description_.src_desc(), input)},
                    {DNNL_ARG_WEIGHTS, weights_},
                    {DNNL_ARG_BIAS, bias_},
                    {DNNL_ARG_DST, memory_at(forward_description_.dst_desc(), output)}});
  engine_.stream().wait();
}

void DnnlConvolution::backward_data(const std::byte* output_gradient, std::byte* input_gradient) {
  if (!backward_data_) {
    const auto description =
        describe_backward_data(engine_.engine(), shapes(desc_.type, desc_.type), forward_hint());
    backward_data_ = BackwardData{description,
                                  dnnl::convolution_backward_data(description),
                                  memory(description.weights_desc(), engine_.engine())};
    convert(memory_at(plain_weights_, packed_from_), backward_data_->weights);
  }
  const auto& description = backward_data_->description;
  backward_data_->primitive.execute(
      engine_.stream(),
      {{DNNL_ARG_DIFF_DST, memory_at(description.diff_dst_desc(), output_gradient)},
       {DNNL_ARG_WEIGHTS, backward_data_->weights},
       {DNNL_ARG_DIFF_SRC, memory_at(description.diff_src_desc(), input_gradient)}});
  engine_.stream().wait();
}

void DnnlConvolution::backward_weights(const std::byte* input,
                                       const std::byte* output_gradient,
                                       float* weight_gradient,
                                       float* bias_gradient) {
  if (!backward_weights_) {
    const auto description = describe_backward_weights(
        engine_.engine(), shapes(desc_.type, DataType::float32), forward_hint());
    backward_weights_ = BackwardWeights{description,
                                        dnnl::convolution_backward_weights(description),
                                        memory(description.diff_weights_desc(), engine_.engine()),
                                        memory(description.diff_bias_desc(), engine_.engine())};
  }
  const auto& description = backward_weights_->description;
  backward_weights_->primitive.execute(
      engine_.stream(),
      {{DNNL_ARG_SRC, memory_at(description.src_desc(), input)},
       {DNNL_ARG_DIFF_DST, memory_at(description.diff_dst_desc(), output_gradient)},
       {DNNL_ARG_DIFF_WEIGHTS, backward_weights_->weight_gradient},
       {DNNL_ARG_DIFF_BIAS, backward_weights_->bias_gradient}});
  convert(backward_weights_->weight_gradient, memory_at(plain_weights_, weight_gradient));
  engine_.stream().wait();
  if (bias_gradient)
    std::copy_n(static_cast<const float*>(backward_weights_->bias_gradient.get_data_handle()),
                desc_.output_channels,
                bias_gradient);
}

Implementations DnnlConvolution::implementations() const {
  Implementations names{.forward = forward_description_.impl_info_str()};
  if (backward_data_)
    names.data_gradient = backward_data_->description.impl_info_str();
  if (backward_weights_)
    names.weight_gradient = backward_weights_->description.impl_info_str();
  return names;
}

}  // namespace limpid::cpu
