#include "core/backend/cuda/narrow/narrow_convolution.h"

#include "core/backend/cuda/convolution/cuda_conv2d.h"
#include "core/backend/cuda/narrow/narrow_matrix.h"

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
                   .wide_stride = desc.kernel_size * desc.kernel_size * desc.input.channels,
                   .multiprocessors = context.multiprocessor_count()} {
  workspace_ = context.workspace(
      narrow_gradient_workspace(desc.output(), desc.input.channels, convolution_));
}

void NarrowInputConv2d::forward(const Forward& values) {
  if (narrow_matrix_fits(desc_))
    return narrow_matrix_convolution(values.input,
                                     values.output,
                                     convolution_,
                                     weight_address(parameters_, desc_.weight),
                                     weight_address(parameters_, desc_.bias),
                                     desc_.activation,
                                     context_.stream());
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
  const auto run = narrow_matrix_fits(desc_) ? narrow_matrix_gradient : narrow_weight_gradient;
  run(gradients.output_gradient,
      values.input,
      convolution_,
      gradient_address(parameters_, desc_.weight),
      gradient_address(parameters_, desc_.bias),
      workspace_->data(),
      context_.stream());
}

NarrowOutputConv2d::NarrowOutputConv2d(Context& context,
                                       const Conv2dDesc& desc,
                                       Parameters& parameters)
    : context_(context), desc_(desc), parameters_(parameters) {
  require(desc.second_channels == 0 || desc.input_activation == Activation::none,
          "a last layer of two inputs that multiplies the gradient of one");
  Shape input = desc.input;
  input.channels += desc.second_channels;
  convolution_ = {.kernel_size = desc.kernel_size,
                  .tap_stride = input.channels,
                  .narrow_stride = desc.kernel_size * desc.kernel_size * input.channels,
                  .wide_stride = 1,
                  .multiprocessors = context.multiprocessor_count()};
  workspace_ = context.workspace(
      is_pixelwise()
          ? narrow_pixel_gradient_workspace(input, desc.output_channels, convolution_)
          : std::max(narrow_gradient_workspace(input, desc.output_channels, convolution_),
                     narrow_column_sum_workspace()));
}

void NarrowOutputConv2d::forward(const Forward& values) {
  const Tensor input = joined_inputs(desc_, values.input, values.second);
  const auto run = pixel_product_fits(input, values.output, convolution_) ? pixel_product
                                                                          : convolve_wide_to_narrow;
  run(input,
      values.output,
      convolution_,
      weight_address(parameters_, desc_.weight),
      weight_address(parameters_, desc_.bias),
      context_.stream());
}

void NarrowOutputConv2d::backward(const Forward& values, const Backward& gradients) {
  const Tensor input = joined_inputs(desc_, values.input, values.second);
  const Tensor input_gradient =
      desc_.needs_input_gradient && !gradients.input_gradient.empty()
          ? joined_inputs(desc_, gradients.input_gradient, gradients.second_gradient)
          : Tensor();
  if (!is_pixelwise())
    return backward_by_taps(input, gradients.output_gradient, input_gradient);
  narrow_pixel_gradients(input,
                         gradients.output_gradient,
                         convolution_,
                         weight_address(parameters_, desc_.weight),
                         desc_.input_activation,
                         input_gradient,
                         {.weight = gradient_address(parameters_, desc_.weight),
                          .bias = gradient_address(parameters_, desc_.bias)},
                         workspace_->data(),
                         context_.stream());
}

// dw(tap, o, i) = sum over pixels p of g[p, o] * x[p + tap, i] = sum over q of x[q, i] * g[q - tap,
// o]: the kernel's sum with the taps flipped. The input gradient is a convolution of g with the
// flipped kernel.
void NarrowOutputConv2d::backward_by_taps(const Tensor& input,
                                          const Tensor& output_gradient,
                                          const Tensor& input_gradient) {
  NarrowConvolution flipped = convolution_;
  flipped.flip = true;
  narrow_weight_gradient(input,
                         output_gradient,
                         flipped,
                         gradient_address(parameters_, desc_.weight),
                         nullptr,
                         workspace_->data(),
                         context_.stream());
  narrow_column_sum(output_gradient,
                    gradient_address(parameters_, desc_.bias),
                    parameters_.gradient().type(),
                    workspace_->data(),
                    context_.stream());
  if (!input_gradient.empty())
    convolve_narrow_to_wide(output_gradient,
                            input_gradient,
                            flipped,
                            weight_address(parameters_, desc_.weight),
                            nullptr,
                            desc_.input_activation == Activation::none ? Tensor() : input,
                            desc_.input_activation,
                            context_.stream());
}

}  // namespace limpid::cuda
