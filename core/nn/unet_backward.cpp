#include "core/nn/unet.h"

// The memory that UNet::backward() works on.
namespace limpid {

// Gradients in the order of backward(), each released after its last reader; so are activations,
// which the next forward() writes again.
void UNet::plan_backward() {
  prediction_gradient_ = arena_.tensor(image_.shape(), DataType::float32);
  Tensor& projected = projection_gradients_.output_gradient;
  projected = prediction_gradient_;
  if (shuffle_) {
    projected = arena_.tensor(projection_values_.output.shape(), DataType::float32);
    arena_.release(prediction_gradient_);
  }
  Tensor gradient = plan_gradient_of(projection_values_.input);
  projection_gradients_.input_gradient = gradient;
  arena_.release(projected);
  arena_.release(projection_values_.input);
  for (Decoder& decoder : decoders_)
    gradient = plan_decoder_backward(decoder, gradient);
  for (std::int64_t level = description_.levels() - 1; level >= 0; --level)
    gradient = plan_encoder_backward(level, gradient);
}

Tensor UNet::plan_gradient_of(const Tensor& value) {
  return arena_.tensor(value.shape(), value.type());
}

// Takes the gradient of the decoder's output, gives that of the features below.
Tensor UNet::plan_decoder_backward(Decoder& decoder, const Tensor& output_gradient) {
  Block& block = decoder.block;
  block.second_gradients.output_gradient = output_gradient;
  block.second_gradients.input_gradient = plan_gradient_of(block.first_values.output);
  block.first_gradients.output_gradient = block.second_gradients.input_gradient;
  arena_.release(output_gradient);
  arena_.release(block.first_values.output);

  Tensor& gradient = block.first_gradients.output_gradient;
  if (block.first->joins_skip()) {  // when the pooled gradient is there
    decoder.joined.emplace();
    decoder.joined->output_gradient = gradient;
    decoder.input_gradients.first = plan_gradient_of(decoder.inputs.first);
  } else {
    decoder.input_gradients = plan_input_pair(
        arena_, backend_, decoder.inputs.first.shape(), decoder.inputs.second.shape().channels);
    arena_.release(gradient);
  }
  block.first_gradients.input_gradient = decoder.input_gradients.first;
  block.first_gradients.second_gradient = decoder.input_gradients.second;

  decoder.deep_gradient = plan_gradient_of(decoder.deep);
  arena_.release(decoder.deep);
  if (!decoder.input_gradients.merged)  // the encoder still reads the other half of a merged pair
    arena_.release(decoder.input_gradients.first);
  return decoder.deep_gradient;
}

// Takes the gradient of the bottleneck's output or of the pooled map, gives that of the block's
// input.
Tensor UNet::plan_encoder_backward(std::int64_t level, const Tensor& gradient) {
  Block& block = encoders_[static_cast<std::size_t>(level)];
  const bool is_bottleneck = level == description_.levels() - 1;
  if (is_bottleneck)
    block.second_gradients.output_gradient = gradient;
  else
    plan_skip_backward(level, gradient);
  block.second_gradients.input_gradient = plan_gradient_of(block.first_values.output);
  block.first_gradients.output_gradient = block.second_gradients.input_gradient;
  if (is_bottleneck) {
    arena_.release(gradient);
  } else {
    const Decoder& decoder = decoders_[static_cast<std::size_t>(level)];
    const bool merged = decoder.input_gradients.merged;
    arena_.release(merged ? decoder.input_gradients.first : block.second_gradients.output_gradient);
    if (!decoder.joined)
      arena_.release(gradient);
  }
  arena_.release(block.first_values.output);
  if (level > 0)
    block.first_gradients.input_gradient = plan_gradient_of(block.first_values.input);
  arena_.release(block.first_gradients.output_gradient);
  return block.first_gradients.input_gradient;
}

// The gradient of the encoder's output, which the decoder and the level below both read.
void UNet::plan_skip_backward(std::int64_t level, const Tensor& pooled_gradient) {
  Block& block = encoders_[static_cast<std::size_t>(level)];
  Decoder& decoder = decoders_[static_cast<std::size_t>(level)];
  if (!decoder.joined) {
    block.second_gradients.output_gradient = decoder.input_gradients.second;
    block.second_gradients.pooled_gradient = pooled_gradient;
    return;
  }
  decoder.joined->pooled_gradient = pooled_gradient;
  decoder.joined->pool_record = block.second_values.record;
  decoder.joined->second_gradient = plan_gradient_of(block.second_values.output);
  block.second_gradients.output_gradient = decoder.joined->second_gradient;
  arena_.release(decoder.joined->output_gradient);
  arena_.release(pooled_gradient);
}

}  // namespace limpid
