#include "core/backend/cuda/narrow_convolution.h"

#include "core/backend/cuda/cuda_conv2d.h"

#include <algorithm>

namespace limpid::cuda {

// Weights lie as (output, row, column, input).
NarrowInputConv2d::NarrowInputConv2d(Context& context,
                                     const Conv2dDesc& desc,
                                     Parameters& parameters)
    : context_(context),
      desc_(desc),
      parameters_(parameters),
      convolution_{.kernel_size = desc.kernel_size,
                   .tap_stride = desc.input.channels,
                   .narrow_stride = 1,
                   .wide_stride = desc.kernel_size * desc.kernel_size * desc.input.channels} {
  workspace_ = context.workspace(
      std::max(narrow_gradient_workspace(desc.output(), desc.input.channels, desc.kernel_size),
               column_sum_workspace(desc.output())));
}

void NarrowInputConv2d::forward(const Forward& values) {
  convolve_narrow_to_wide(values.input,
                          values.output,
                          convolution_,
                          weight_address(parameters_, desc_.weight),
                          weight_address(parameters_, desc_.bias),
                          Tensor(),
                          desc_.activation,
                          context_.stream());
}

void NarrowInputConv2d::backward(const Forward& values, const Backward& gradients) {
  narrow_weight_gradient(gradients.output_gradient,
                         values.input,
                         convolution_,
                         gradient_address(parameters_, desc_.weight),
                         workspace_->data(),
                         context_.stream());
  column_sum(gradients.output_gradient,
             gradient_address(parameters_, desc_.bias),
             workspace_->data(),
             context_.stream());
}

NarrowOutputConv2d::NarrowOutputConv2d(Context& context,
                                       const Conv2dDesc& desc,
                                       Parameters& parameters)
    : context_(context),
      desc_(desc),
      parameters_(parameters),
      convolution_{.kernel_size = desc.kernel_size,
                   .tap_stride = desc.input.channels,
                   .narrow_stride = desc.kernel_size * desc.kernel_size * desc.input.channels,
                   .wide_stride = 1} {
  workspace_ = context.workspace(
      narrow_gradient_workspace(desc.input, desc.output_channels, desc.kernel_size));
}

void NarrowOutputConv2d::forward(const Forward& values) {
  convolve_wide_to_narrow(values.input,
                          values.output,
                          convolution_,
                          weight_address(parameters_, desc_.weight),
                          weight_address(parameters_, desc_.bias),
                          context_.stream());
}

// dw(tap, o, i) = sum over pixels p of g[p, o] * x[p + tap, i] = sum over q of x[q, i] * g[q - tap,
// o]: the kernel's sum with the taps flipped. The input gradient is a convolution of g with the
// flipped kernel.
void NarrowOutputConv2d::backward(const Forward& values, const Backward& gradients) {
  NarrowConvolution flipped = convolution_;
  flipped.flip = true;
  narrow_weight_gradient(values.input,
                         gradients.output_gradient,
                         flipped,
                         gradient_address(parameters_, desc_.weight),
                         workspace_->data(),
                         context_.stream());
  narrow_column_sum(gradients.output_gradient,
                    gradient_address(parameters_, desc_.bias),
                    parameters_.gradient().type(),
                    context_.stream());
  if (desc_.needs_input_gradient && !gradients.input_gradient.empty())
    convolve_narrow_to_wide(gradients.output_gradient,
                            gradients.input_gradient,
                            flipped,
                            weight_address(parameters_, desc_.weight),
                            nullptr,
                            desc_.input_activation == Activation::none ? Tensor() : values.input,
                            desc_.input_activation,
                            context_.stream());
}

}  // namespace limpid::cuda
