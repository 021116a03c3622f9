#pragma once

#include "core/backend/ops.h"
#include "core/tensor/tensor.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace limpid::cpu {

class DnnlEngine {
 public:
  DnnlEngine() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}
  const dnnl::engine& engine() const { return engine_; }
  dnnl::stream& stream() { return stream_; }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
};

dnnl::memory::data_type dnnl_type(DataType type);
// Dense NHWC.
dnnl::memory::desc dnnl_image(const Shape& shape, DataType type);

// The parts of a convolution's description that all its primitives share.
struct DnnlConvolutionShapes {
  dnnl::memory::desc source;
  dnnl::memory::desc weights;  // format_tag::any
  dnnl::memory::desc bias;
  dnnl::memory::desc destination;
  dnnl::memory::dim padding = 0;
};

// oneDNN 3 dropped the operation descriptors of oneDNN 2; these functions hide the difference.
// The gradients take a forward description of the same types as a hint.
dnnl::convolution_forward::primitive_desc describe_forward(const dnnl::engine& engine,
                                                           const DnnlConvolutionShapes& shapes,
                                                           const dnnl::primitive_attr& attributes);
dnnl::convolution_backward_data::primitive_desc describe_backward_data(
    const dnnl::engine& engine,
    const DnnlConvolutionShapes& shapes,
    const dnnl::convolution_forward::primitive_desc& forward);
dnnl::convolution_backward_weights::primitive_desc describe_backward_weights(
    const dnnl::engine& engine,
    const DnnlConvolutionShapes& shapes,
    const dnnl::convolution_forward::primitive_desc& forward);

// Adds `slope * x for x < 0` to what a convolution does with its sums.
void append_relu(dnnl::post_ops& operations, float slope);

}  // namespace limpid::cpu
