#include "core/nn/unet.h"

#include <fmt/format.h>

namespace limpid {
namespace {

UNet::Operation convolution(const std::string& name,
                            Conv2d& op,
                            const Conv2d::Forward& values,
                            const Conv2d::Backward& gradients) {
  UNet::Operation operation{.name = name,
                            .forward = [&op, values] { op.forward(values); },
                            .backward = {},
                            .weight_gradient = {},
                            .implementations = [&op] { return op.implementations(); }};
  if (gradients.output_gradient.empty())
    return operation;
  Conv2d::Backward weights_only;
  weights_only.output_gradient = gradients.output_gradient;
  operation.backward = [&op, values, gradients] { op.backward(values, gradients); };
  operation.weight_gradient = [&op, values, weights_only] { op.backward(values, weights_only); };
  return operation;
}

UNet::Operation upsampling(const std::string& name,
                           ConvTranspose2d& op,
                           const Tensor& input,
                           const Tensor& output,
                           const Tensor& output_gradient,
                           const Tensor& input_gradient) {
  UNet::Operation operation{.name = name,
                            .forward = [&op, input, output] { op.forward(input, output); },
                            .backward = {},
                            .weight_gradient = {},
                            .implementations = [&op] { return op.implementations(); }};
  if (output_gradient.empty())
    return operation;
  operation.backward = [&op, input, output_gradient, input_gradient] {
    op.backward(input, output_gradient, input_gradient);
  };
  operation.weight_gradient = [&op, input, output_gradient] {
    op.backward(input, output_gradient, Tensor());
  };
  return operation;
}

UNet::Operation resampling(const std::string& name,
                           Resample& op,
                           const Tensor& input,
                           const Tensor& output,
                           const Tensor& output_gradient,
                           const Tensor& input_gradient) {
  UNet::Operation operation{.name = name,
                            .forward = [&op, input, output] { op.forward(input, output); },
                            .backward = {},
                            .weight_gradient = {},
                            .implementations = {}};
  if (!input_gradient.empty())
    operation.backward = [&op, input, output_gradient, input_gradient] {
      op.backward(input, output_gradient, input_gradient);
    };
  return operation;
}

}  // namespace

std::vector<UNet::Operation> UNet::operations() {
  std::vector<Operation> list;
  const auto add_block = [&list](const std::string& name, Block& block) {
    list.push_back(
        convolution(name + ".conv0", *block.first, block.first_values, block.first_gradients));
    list.push_back(
        convolution(name + ".conv1", *block.second, block.second_values, block.second_gradients));
  };
  if (unshuffle_)
    list.push_back(
        resampling("unshuffle", *unshuffle_, image_, encoders_.front().first_values.input, {}, {}));
  for (std::size_t level = 0; level < encoders_.size(); ++level) {
    add_block(fmt::format("enc{}", level), encoders_[level]);
    if (level < decoders_.size() && decoders_[level].joined)
      list.back().backward = [&decoder = decoders_[level], rest = list.back().backward] {
        skip_backward(decoder);
        rest();
      };
  }
  for (std::size_t level = decoders_.size(); level-- > 0;) {
    Decoder& decoder = decoders_[level];
    const std::string name = fmt::format("up{}", level);
    const Tensor& up = decoder.inputs.first;
    const Tensor& up_gradient = decoder.input_gradients.first;
    list.push_back(
        decoder.learned
            ? upsampling(
                  name, *decoder.learned, decoder.deep, up, up_gradient, decoder.deep_gradient)
            : resampling(
                  name, *decoder.nearest, decoder.deep, up, up_gradient, decoder.deep_gradient));
    add_block(fmt::format("dec{}", level), decoder.block);
  }
  list.push_back(convolution("out", *projection_, projection_values_, projection_gradients_));
  if (shuffle_)
    list.push_back(resampling("shuffle",
                              *shuffle_,
                              projection_values_.output,
                              prediction_,
                              prediction_gradient_,
                              projection_gradients_.output_gradient));
  return list;
}

}  // namespace limpid
