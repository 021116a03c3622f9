#pragma once

#include "core/backend/cpu/dnnl_primitives.h"

#include <array>
#include <cstdint>
#include <optional>

namespace limpid::cpu {

struct DnnlConvolutionDesc {
  Shape input;
  std::int64_t output_channels = 1;
  std::int64_t kernel_size = 3;
  DataType type = DataType::float32;  // of input and gradients
  DataType output_type = DataType::float32;
  Activation activation = Activation::none;
  // How the caller's float32 weights (output, input, row, column) lie, in elements.
  std::array<std::int64_t, 4> weight_strides{};

  Shape output() const { return {input.batch, input.height, input.width, output_channels}; }
};

// One oneDNN convolution with its two gradients, on dense NHWC memory. Keeps the weights in the
// layout that each primitive prefers; pack() renews them. The primitives of the backward pass are
// made at its first use.
class DnnlConvolution {
 public:
  DnnlConvolution(DnnlEngine& engine, const DnnlConvolutionDesc& desc);

  // Reads the caller's weights and bias (null: zero).
  void pack(const float* weights, const float* bias);

  void forward(const std::byte* input, std::byte* output);
  void backward_data(const std::byte* output_gradient, std::byte* input_gradient);
  // Overwrites the weight gradient, laid out as the weights, and the bias gradient (null: not
  // wanted).
  void backward_weights(const std::byte* input,
                        const std::byte* output_gradient,
                        float* weight_gradient,
                        float* bias_gradient);

  // Names of oneDNN's kernels; of the gradients after their first use.
  Implementations implementations() const;

 private:
  struct BackwardData {
    dnnl::convolution_backward_data::primitive_desc description;
    dnnl::convolution_backward_data primitive;
    dnnl::memory weights;
  };
  struct BackwardWeights {
    dnnl::convolution_backward_weights::primitive_desc description;
    dnnl::convolution_backward_weights primitive;
    dnnl::memory weight_gradient;
    dnnl::memory bias_gradient;
  };

  DnnlConvolutionShapes shapes(DataType destination_type, DataType weight_type) const;
  dnnl::convolution_forward::primitive_desc forward_hint() const;
  dnnl::memory memory_at(const dnnl::memory::desc& desc, const void* data) const;
  void convert(const dnnl::memory& from, const dnnl::memory& to);

  DnnlEngine& engine_;
  DnnlConvolutionDesc desc_;
  dnnl::memory::desc plain_weights_;
  dnnl::convolution_forward::primitive_desc forward_description_;
  dnnl::convolution_forward forward_;
  dnnl::memory weights_;
  dnnl::memory bias_;
  std::optional<BackwardData> backward_data_;
  std::optional<BackwardWeights> backward_weights_;
  const float* packed_from_ = nullptr;
};

}  // namespace limpid::cpu
