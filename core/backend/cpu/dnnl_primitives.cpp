#include "core/backend/cpu/dnnl_primitives.h"

#include "core/base/error.h"

#include <string_view>

namespace limpid::cpu {
namespace {

using dnnl::algorithm;
using dnnl::convolution_backward_data;
using dnnl::convolution_backward_weights;
using dnnl::convolution_forward;
using dnnl::memory;
using dnnl::prop_kind;

const memory::dims unit_strides{1, 1};

memory::dims padding_of(const DnnlConvolutionShapes& shapes) {
  return {shapes.padding, shapes.padding};
}

// oneDNN's own AMX kernel for weight gradients, in 2.6 as in 3.2, writes beyond its buffers for
// rows of more than 256 pixels. Version 3 has another one, which it tries first.
void leave_out(std::string_view kernels,
               convolution_backward_weights::primitive_desc& description) {
  while (std::string_view(description.impl_info_str()).find(kernels) != std::string_view::npos)
    if (!description.next_impl())
      fail(ErrorKind::internal, "oneDNN has no weight gradient but {}", kernels);
}

}  // namespace

memory::data_type dnnl_type(DataType type) {
  return type == DataType::float32 ? memory::data_type::f32 : memory::data_type::bf16;
}

memory::desc dnnl_image(const Shape& shape, DataType type) {
  return memory::desc({shape.batch, shape.channels, shape.height, shape.width},
                      dnnl_type(type),
                      memory::format_tag::nhwc);
}

#if DNNL_VERSION_MAJOR >= 3

convolution_forward::primitive_desc describe_forward(const dnnl::engine& engine,
                                                     const DnnlConvolutionShapes& shapes,
                                                     const dnnl::primitive_attr& attributes) {
  return convolution_forward::primitive_desc(engine,
                                             prop_kind::forward_training,
                                             algorithm::convolution_direct,
                                             shapes.source,
                                             shapes.weights,
                                             shapes.bias,
                                             shapes.destination,
                                             unit_strides,
                                             padding_of(shapes),
                                             padding_of(shapes),
                                             attributes);
}

convolution_backward_data::primitive_desc describe_backward_data(
    const dnnl::engine& engine,
    const DnnlConvolutionShapes& shapes,
    const convolution_forward::primitive_desc& forward) {
  return convolution_backward_data::primitive_desc(engine,
                                                   algorithm::convolution_direct,
                                                   shapes.source,
                                                   shapes.weights,
                                                   shapes.destination,
                                                   unit_strides,
                                                   padding_of(shapes),
                                                   padding_of(shapes),
                                                   forward);
}

convolution_backward_weights::primitive_desc describe_backward_weights(
    const dnnl::engine& engine,
    const DnnlConvolutionShapes& shapes,
    const convolution_forward::primitive_desc& forward) {
  convolution_backward_weights::primitive_desc description(engine,
                                                           algorithm::convolution_direct,
                                                           shapes.source,
                                                           shapes.weights,
                                                           shapes.bias,
                                                           shapes.destination,
                                                           unit_strides,
                                                           padding_of(shapes),
                                                           padding_of(shapes),
                                                           forward);
  leave_out("jit:avx512_core_amx", description);
  return description;
}

void append_relu(dnnl::post_ops& operations, float slope) {
  operations.append_eltwise(algorithm::eltwise_relu, slope, 0.0f);
}

#else

convolution_forward::primitive_desc describe_forward(const dnnl::engine& engine,
                                                     const DnnlConvolutionShapes& shapes,
                                                     const dnnl::primitive_attr& attributes) {
  const convolution_forward::desc operation(prop_kind::forward_training,
                                            algorithm::convolution_direct,
                                            shapes.source,
                                            shapes.weights,
                                            shapes.bias,
                                            shapes.destination,
                                            unit_strides,
                                            padding_of(shapes),
                                            padding_of(shapes));
  return convolution_forward::primitive_desc(operation, attributes, engine);
}

convolution_backward_data::primitive_desc describe_backward_data(
    const dnnl::engine& engine,
    const DnnlConvolutionShapes& shapes,
    const convolution_forward::primitive_desc& forward) {
  const convolution_backward_data::desc operation(algorithm::convolution_direct,
                                                  shapes.source,
                                                  shapes.weights,
                                                  shapes.destination,
                                                  unit_strides,
                                                  padding_of(shapes),
                                                  padding_of(shapes));
  return convolution_backward_data::primitive_desc(operation, engine, forward);
}

convolution_backward_weights::primitive_desc describe_backward_weights(
    const dnnl::engine& engine,
    const DnnlConvolutionShapes& shapes,
    const convolution_forward::primitive_desc& forward) {
  const convolution_backward_weights::desc operation(algorithm::convolution_direct,
                                                     shapes.source,
                                                     shapes.weights,
                                                     shapes.bias,
                                                     shapes.destination,
                                                     unit_strides,
                                                     padding_of(shapes),
                                                     padding_of(shapes));
  convolution_backward_weights::primitive_desc description(operation, engine, forward);
  leave_out("amx", description);
  return description;
}

void append_relu(dnnl::post_ops& operations, float slope) {
  operations.append_eltwise(1.0f, algorithm::eltwise_relu, slope, 0.0f);
}

#endif

}  // namespace limpid::cpu
