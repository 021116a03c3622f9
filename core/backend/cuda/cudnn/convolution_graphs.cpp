#include "core/backend/cuda/cudnn/convolution_graphs.h"

#include <cudnn_frontend.h>

#include <memory>
#include <vector>

namespace limpid::cuda {

namespace fe = cudnn_frontend;
using Attributes = std::shared_ptr<fe::graph::Tensor_attributes>;

namespace {

fe::DataType_t cudnn_type(DataType type) {
  return type == DataType::float32 ? fe::DataType_t::FLOAT : fe::DataType_t::BFLOAT16;
}

// cuDNN names dimensions NCHW whatever the layout; strides say NHWC.
Attributes image(fe::graph::Graph& graph,
                 std::int64_t number,
                 const Shape& s,
                 std::int64_t stride,
                 DataType type) {
  return graph.tensor(fe::graph::Tensor_attributes()
                          .set_uid(number)
                          .set_dim({s.batch, s.channels, s.height, s.width})
                          .set_stride({s.height * s.width * stride, 1, s.width * stride, stride})
                          .set_data_type(cudnn_type(type)));
}

void mark_output(const Attributes& tensor,
                 std::int64_t number,
                 const Shape& s,
                 std::int64_t stride,
                 DataType type) {
  tensor->set_uid(number)
      .set_output(true)
      .set_dim({s.batch, s.channels, s.height, s.width})
      .set_stride({s.height * s.width * stride, 1, s.width * stride, stride})
      .set_data_type(cudnn_type(type));
}

std::vector<std::int64_t> weight_dims(const ConvolutionGeometry& g) {
  return {g.y.channels, g.x.channels, g.kernel_size, g.kernel_size};
}

std::vector<std::int64_t> weight_strides(const ConvolutionGeometry& g) {
  const std::int64_t k = g.kernel_size;
  return {k * k * g.x.channels, 1, k * g.x.channels, g.x.channels};
}

Attributes weights(fe::graph::Graph& graph, const ConvolutionGeometry& g) {
  return graph.tensor(fe::graph::Tensor_attributes()
                          .set_uid(weight_number)
                          .set_dim(weight_dims(g))
                          .set_stride(weight_strides(g))
                          .set_data_type(cudnn_type(g.type)));
}

template <class Operation>
Operation with_window(const ConvolutionGeometry& g) {
  return Operation()
      .set_padding({g.padding, g.padding})
      .set_stride({g.step, g.step})
      .set_dilation({1, 1});
}

void set_types(fe::graph::Graph& graph, DataType type) {
  graph.set_io_data_type(cudnn_type(type))
      .set_intermediate_data_type(fe::DataType_t::FLOAT)
      .set_compute_data_type(fe::DataType_t::FLOAT);
}

fe::graph::Pointwise_attributes relu(fe::PointwiseMode_t mode, Activation activation) {
  fe::graph::Pointwise_attributes attributes;
  attributes.set_mode(mode);
  if (activation == Activation::leaky_relu)
    attributes.set_relu_lower_clip_slope(leaky_relu_slope);
  return attributes;
}

// The same value, for which cuDNN then has engines that write it in float32.
Attributes kept_in_float32(fe::graph::Graph& graph, const Attributes& value) {
  return graph.pointwise(value,
                         fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::IDENTITY));
}

}  // namespace

bool needs_float32(const Epilogue& epilogue, DataType type) {
  return type != DataType::float32 &&
         (epilogue.bias || epilogue.activation == Activation::leaky_relu ||
          epilogue.derivative_of == Activation::leaky_relu);
}

ConvolutionSide source(const ConvolutionGeometry& g, ConvolutionDirection direction) {
  return direction == ConvolutionDirection::forward ? ConvolutionSide{x_number, g.x, g.x_stride}
                                                    : ConvolutionSide{y_number, g.y, g.y_stride};
}

ConvolutionSide result(const ConvolutionGeometry& g, ConvolutionDirection direction) {
  return direction == ConvolutionDirection::forward ? ConvolutionSide{y_number, g.y, g.y_stride}
                                                    : ConvolutionSide{x_number, g.x, g.x_stride};
}

void describe_pass(fe::graph::Graph& graph,
                   const ConvolutionGeometry& g,
                   ConvolutionDirection direction,
                   const Epilogue& epilogue,
                   bool result_is_float32) {
  set_types(graph, g.type);
  const ConvolutionSide from = source(g, direction);
  const ConvolutionSide to = result(g, direction);
  const Attributes input = image(graph, from.number, from.shape, from.stride, g.type);
  const Attributes weight = weights(graph, g);
  Attributes value =
      direction == ConvolutionDirection::forward
          ? graph.conv_fprop(input, weight, with_window<fe::graph::Conv_fprop_attributes>(g))
          : graph.conv_dgrad(input, weight, with_window<fe::graph::Conv_dgrad_attributes>(g));
  value->set_dim({to.shape.batch, to.shape.channels, to.shape.height, to.shape.width});
  if (epilogue.bias) {
    const std::int64_t channels = to.shape.channels;
    const Attributes bias = graph.tensor(fe::graph::Tensor_attributes()
                                             .set_uid(bias_number)
                                             .set_dim({1, channels, 1, 1})
                                             .set_stride({channels, 1, channels, channels})
                                             .set_data_type(cudnn_type(g.type)));
    value = graph.pointwise(
        value, bias, fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::ADD));
  }
  if (epilogue.activation != Activation::none)
    value = graph.pointwise(value, relu(fe::PointwiseMode_t::RELU_FWD, epilogue.activation));
  if (epilogue.derivative_of != Activation::none) {
    const Attributes mask = image(graph, mask_number, to.shape, to.stride, g.type);
    value =
        graph.pointwise(value, mask, relu(fe::PointwiseMode_t::RELU_BWD, epilogue.derivative_of));
  }
  if (result_is_float32)
    mark_output(
        kept_in_float32(graph, value), to.number, to.shape, to.shape.channels, DataType::float32);
  else
    mark_output(value, to.number, to.shape, to.stride, g.type);
}

void describe_weight_gradient(fe::graph::Graph& graph,
                              const ConvolutionGeometry& g,
                              bool result_is_float32) {
  set_types(graph, g.type);
  const Attributes x = image(graph, x_number, g.x, g.x_stride, g.type);
  const Attributes y = image(graph, y_number, g.y, g.y_stride, g.type);
  Attributes gradient = graph.conv_wgrad(y, x, with_window<fe::graph::Conv_wgrad_attributes>(g));
  gradient->set_dim(weight_dims(g)).set_stride(weight_strides(g));
  if (result_is_float32)
    gradient = kept_in_float32(graph, gradient);
  gradient->set_uid(weight_number)
      .set_output(true)
      .set_dim(weight_dims(g))
      .set_stride(weight_strides(g))
      .set_data_type(cudnn_type(result_is_float32 ? DataType::float32 : g.type));
}

}  // namespace limpid::cuda
