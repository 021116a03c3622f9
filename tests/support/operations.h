#pragma once

#include "core/backend/backend.h"
#include "core/backend/input_pair.h"
#include "tests/support/tensors.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

// Runs one operation of a backend, forward and backward, on random data. Outputs are poisoned with
// NaN first, so an element that is never written shows. Inputs are rounded to the type `rounding`.
namespace limpid::test {

inline std::vector<float> poison(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count),
                            std::numeric_limits<float>::quiet_NaN());
}

struct ConvCase {
  std::string what;
  Shape input;
  std::int64_t second = 0;
  std::int64_t outputs = 1;
  std::int64_t kernel = 3;
  Activation activation = Activation::relu;
  bool pool = false;
  bool is_skip = false;       // the output is the second of two inputs of another convolution
  bool image_input = false;   // float32 input without a gradient
  bool is_first = false;      // input without a gradient
  bool image_output = false;  // float32 output
  Activation input_activation = Activation::none;
};

struct ConvResult {
  std::vector<float> output, pooled, input_gradient, second_gradient, weight_gradient,
      bias_gradient;
  Implementations implementations;
};

inline ConvResult run_conv(Backend& backend, const ConvCase& c, DataType rounding) {
  const DataType type = backend.compute_type();
  Conv2dDesc desc{.input = c.input,
                  .second_channels = c.second,
                  .output_channels = c.outputs,
                  .kernel_size = c.kernel,
                  .activation = c.activation,
                  .pool_output = c.pool,
                  .input_type = c.image_input ? DataType::float32 : type,
                  .output_type = c.image_output ? DataType::float32 : type,
                  .needs_input_gradient = !c.image_input && !c.is_first,
                  .input_activation = c.input_activation,
                  .weight = 1,
                  .bias = 0};
  const std::int64_t channels = c.input.channels + c.second;
  Parameters parameters(
      backend, {{"bias", {c.outputs}}, {"weight", {c.outputs, channels, c.kernel, c.kernel}}});
  const double scale = 1.0 / std::sqrt(static_cast<double>(channels * c.kernel * c.kernel));
  parameters.set_values(
      {rounded_to(rounding, random_values(c.outputs, 1)),
       rounded_to(rounding, random_values(c.outputs * channels * c.kernel * c.kernel, 2, scale))});
  auto convolution = backend.make_conv2d(desc, parameters);

  Arena arena;
  Conv2d::Forward values;
  Conv2d::Backward gradients;
  if (c.second > 0) {
    const InputPair inputs = plan_input_pair(arena, backend, c.input, c.second);
    const InputPair input_gradients = plan_input_pair(arena, backend, c.input, c.second);
    values.input = inputs.first;
    values.second = inputs.second;
    gradients.input_gradient = input_gradients.first;
    gradients.second_gradient = input_gradients.second;
  } else {
    values.input = arena.tensor(c.input, desc.input_type);
    if (desc.needs_input_gradient)
      gradients.input_gradient = arena.tensor(c.input, desc.input_type);
  }
  if (c.is_skip) {
    Shape upsampled = desc.output();
    upsampled.channels = 16;
    values.output = plan_input_pair(arena, backend, upsampled, c.outputs).second;
    gradients.output_gradient = plan_input_pair(arena, backend, upsampled, c.outputs).second;
  } else {
    values.output = arena.tensor(desc.output(), desc.output_type);
    gradients.output_gradient = arena.tensor(desc.output(), desc.output_type);
  }
  if (c.pool) {
    values.pooled = arena.tensor(desc.pooled(), desc.output_type);
    gradients.pooled_gradient = arena.tensor(desc.pooled(), desc.output_type);
  }
  arena.bind([&](std::size_t size) { return backend.allocate(size); });

  const auto fill = [&](const Tensor& tensor, std::uint64_t stream) {
    if (!tensor.empty()) {
      const auto data = rounded_to(rounding, random_values(tensor.shape().element_count(), stream));
      backend.upload(data, tensor);
      backend.synchronize();
    }
  };
  const auto spoil = [&](const Tensor& tensor) {
    if (!tensor.empty()) {
      const auto data = poison(tensor.shape().element_count());
      backend.upload(data, tensor);
      backend.synchronize();
    }
  };
  fill(values.input, 3);
  fill(values.second, 4);
  fill(gradients.output_gradient, 5);
  fill(gradients.pooled_gradient, 6);
  for (const Tensor& tensor :
       {values.output, values.pooled, gradients.input_gradient, gradients.second_gradient})
    spoil(tensor);
  poison_gradients(backend, parameters);
  convolution->forward(values);
  convolution->backward(values, gradients);

  const auto get = [&](const Tensor& tensor) {
    return tensor.empty() ? std::vector<float>{} : values_of(backend, tensor);
  };
  const auto parameter_gradients = parameters.gradients();
  return {get(values.output),
          get(values.pooled),
          get(gradients.input_gradient),
          get(gradients.second_gradient),
          parameter_gradients[1],
          parameter_gradients[0],
          convolution->implementations()};
}

struct SimpleResult {
  std::vector<float> output, input_gradient, weight_gradient, bias_gradient;
  Implementations implementations = {};
};

inline SimpleResult run_transpose(Backend& backend,
                                  const Shape& input_shape,
                                  std::int64_t outputs,
                                  DataType rounding,
                                  bool with_input_gradient = true) {
  const DataType type = backend.compute_type();
  const ConvTranspose2dDesc desc{.input = input_shape,
                                 .output_channels = outputs,
                                 .type = type,
                                 .input_activation = Activation::relu,
                                 .weight = 0,
                                 .bias = 1};
  Parameters parameters(backend,
                        {{"weight", {input_shape.channels, outputs, 2, 2}}, {"bias", {outputs}}});
  parameters.set_values(
      {rounded_to(rounding, random_values(input_shape.channels * outputs * 4, 1, 0.1)),
       rounded_to(rounding, random_values(outputs, 2))});
  auto upsample = backend.make_conv_transpose2d(desc, parameters);
  // As in a network: the output is the first of two inputs of the next convolution.
  Arena arena;
  const Tensor input = arena.tensor(input_shape, type);
  const Tensor input_gradient = with_input_gradient ? arena.tensor(input_shape, type) : Tensor();
  const InputPair output = plan_input_pair(arena, backend, desc.output(), 32);
  const InputPair output_gradient = plan_input_pair(arena, backend, desc.output(), 32);
  arena.bind([&](std::size_t size) { return backend.allocate(size); });
  const auto x = rounded_to(rounding, random_values(input_shape.element_count(), 3));
  const auto g = rounded_to(rounding, random_values(desc.output().element_count(), 4));
  backend.upload(x, input);
  backend.upload(g, output_gradient.first);
  const auto nan_in = poison(input_shape.element_count());
  const auto nan_out = poison(desc.output().element_count());
  if (with_input_gradient)
    backend.upload(nan_in, input_gradient);
  backend.upload(nan_out, output.first);
  backend.synchronize();
  poison_gradients(backend, parameters);
  upsample->forward(input, output.first);
  upsample->backward(input, output_gradient.first, input_gradient);
  const auto gradients = parameters.gradients();
  return {values_of(backend, output.first),
          with_input_gradient ? values_of(backend, input_gradient) : std::vector<float>{},
          gradients[0],
          gradients[1],
          upsample->implementations()};
}

}  // namespace limpid::test
