#include "core/backend/cpu/cpu_pooled_conv2d.h"

#include "core/backend/activation.h"
#include "core/backend/cpu/cpu_pool.h"

namespace limpid::cpu {

CpuPooledConv2d::CpuPooledConv2d(DnnlEngine& engine,
                                 DataType compute_type,
                                 Scratch& scratch,
                                 const Conv2dDesc& desc,
                                 Parameters& parameters)
    : scratch_(scratch),
      activation_(desc.activation),
      convolution_(engine, compute_type, scratch, desc, parameters) {}

Tensor CpuPooledConv2d::dense_or_scratch(const Tensor& output) {
  if (output.is_dense())
    return output;
  return scratch_.tensor(Scratch::Place::whole_output, output.shape(), output.type());
}

void CpuPooledConv2d::forward(const Forward& values) {
  Forward dense = values;
  dense.output = dense_or_scratch(values.output);
  convolution_.forward(dense);
  max_pool(dense.output, values.pooled, values.output.is_dense() ? Tensor() : values.output);
}

void CpuPooledConv2d::backward(const Forward& values, const Backward& gradients) {
  if (gradients.pooled_gradient.empty())
    return convolution_.backward(values, gradients);
  const bool is_dense = gradients.output_gradient.is_dense();
  Backward dense = gradients;
  dense.output_gradient = dense_or_scratch(gradients.output_gradient);
  max_pool_backward(values.output,
                    gradients.pooled_gradient,
                    gradients.output_gradient,
                    {.accumulate = true, .slope = activation_derivative(activation_, -1.0f)},
                    is_dense ? Tensor() : dense.output_gradient);
  convolution_.backward(values, dense);
}

Implementations CpuPooledConv2d::implementations() const {
  Implementations both = convolution_.implementations();
  for (std::string* pass : {&both.forward, &both.data_gradient})
    *pass += ", pool apart";
  return both;
}

}  // namespace limpid::cpu
