#include "core/nn/unet.h"

namespace limpid {

UNet::UNet(Backend& backend,
           const UNetDescription& description,
           Parameters& parameters,
           const Shape& image,
           NetworkUse use)
    : backend_(backend), description_(description), use_(use) {
  description.check();
  require(image.channels == 1 && image.height % description.grid_px() == 0 &&
              image.width % description.grid_px() == 0,
          "an image of {} x {} pixels for a network on a grid of {}",
          image.width,
          image.height,
          description.grid_px());
  plan_forward(parameters, image);
  if (use == NetworkUse::training)
    plan_backward();
  arena_.bind([&](std::size_t size_bytes) { return backend.allocate(size_bytes); });
}

// One line a layer; encoders_ and decoders_ are in the order of their levels.
void UNet::forward(const std::function<void()>& between_layers) {
  const auto pause = [&] {
    if (between_layers)
      between_layers();
  };
  if (unshuffle_)
    unshuffle_->forward(image_, encoders_.front().first_values.input);
  for (Block& encoder : encoders_) {
    encoder.first->forward(encoder.first_values);
    pause();
    encoder.second->forward(encoder.second_values);
    pause();
  }
  for (auto decoder = decoders_.rbegin(); decoder != decoders_.rend(); ++decoder) {
    if (decoder->learned)
      decoder->learned->forward(decoder->deep, decoder->inputs.first);
    else
      decoder->nearest->forward(decoder->deep, decoder->inputs.first);
    decoder->block.first->forward(decoder->block.first_values);
    pause();
    decoder->block.second->forward(decoder->block.second_values);
    pause();
  }
  projection_->forward(projection_values_);
  if (shuffle_)
    shuffle_->forward(projection_values_.output, prediction_);
}

// The same list upside down.
void UNet::backward() {
  require(use_ == NetworkUse::training, "a network made for inference cannot go backward");
  if (shuffle_)
    shuffle_->backward(
        projection_values_.output, prediction_gradient_, projection_gradients_.output_gradient);
  projection_->backward(projection_values_, projection_gradients_);
  for (Decoder& decoder : decoders_) {
    decoder.block.second->backward(decoder.block.second_values, decoder.block.second_gradients);
    decoder.block.first->backward(decoder.block.first_values, decoder.block.first_gradients);
    if (decoder.learned)
      decoder.learned->backward(decoder.deep, decoder.input_gradients.first, decoder.deep_gradient);
    else
      decoder.nearest->backward(decoder.deep, decoder.input_gradients.first, decoder.deep_gradient);
  }
  for (std::size_t level = encoders_.size(); level-- > 0;) {
    Block& encoder = encoders_[level];
    if (level < decoders_.size())
      skip_backward(decoders_[level]);
    encoder.second->backward(encoder.second_values, encoder.second_gradients);
    encoder.first->backward(encoder.first_values, encoder.first_gradients);
  }
}

void UNet::skip_backward(Decoder& decoder) {
  if (decoder.joined)
    decoder.block.first->skip_backward(decoder.block.first_values, *decoder.joined);
}

void UNet::plan_forward(Parameters& parameters, const Shape& image) {
  const std::int64_t factor = description_.unshuffle;
  grid_ = {image.batch, image.height / factor, image.width / factor, factor * factor};
  image_ = arena_.tensor(image, DataType::float32);
  encoders_.resize(static_cast<std::size_t>(description_.levels()));
  decoders_.resize(static_cast<std::size_t>(description_.levels() - 1));
  for (std::int64_t level = 0; level < description_.levels(); ++level)
    plan_encoder(level, parameters);
  for (std::int64_t level = description_.levels() - 2; level >= 0; --level)
    plan_decoder(level, parameters);
  plan_projection(parameters);
}

Shape UNet::level_shape(std::int64_t level, std::int64_t channels) const {
  return {grid_.batch, grid_.height >> level, grid_.width >> level, channels};
}

Conv2dDesc UNet::describe_conv(const Parameters& parameters,
                               const std::string& name,
                               const Shape& input) const {
  const std::size_t weight = parameters.index_of(name + ".weight");
  return {.input = input,
          .output_channels = parameters.specs()[weight].shape[0],
          .kernel_size = parameters.specs()[weight].shape[2],
          .activation = description_.activation,
          .input_type = backend_.compute_type(),
          .output_type = backend_.compute_type(),
          .weight = weight,
          .bias = parameters.index_of(name + ".bias")};
}

// Activations are needed again only by backward().
void UNet::release_after_inference(const Tensor& tensor) {
  if (use_ == NetworkUse::inference)
    arena_.release(tensor);
}

// Kept for backward(), as the values themselves.
Tensor UNet::plan_record(const Conv2d& convolution) {
  const std::size_t bytes = use_ == NetworkUse::training ? convolution.record_bytes() : 0;
  if (bytes == 0)
    return {};
  const auto words = static_cast<std::int64_t>((bytes + 3) / 4);
  return arena_.tensor({1, 1, 1, words}, DataType::float32);
}

void UNet::plan_encoder(std::int64_t level, Parameters& parameters) {
  const DataType type = backend_.compute_type();
  const bool is_bottleneck = level == description_.levels() - 1;
  const std::int64_t channels = description_.channels[static_cast<std::size_t>(level)];
  const std::string name = fmt::format("enc{}", level);
  Block& block = encoders_[static_cast<std::size_t>(level)];

  // The image itself, the image as four channels, or the pooled map of the level above.
  if (level > 0) {
    block.first_values.input = encoders_[static_cast<std::size_t>(level - 1)].second_values.pooled;
  } else if (description_.unshuffle == 1) {
    block.first_values.input = image_;
  } else {
    block.first_values.input = arena_.tensor(grid_, type);
    unshuffle_ = backend_.make_resample({.kind = ResampleKind::space_to_depth,
                                         .input = image_.shape(),
                                         .input_type = DataType::float32,
                                         .output_type = type});
    release_after_inference(image_);
  }
  Conv2dDesc first = describe_conv(parameters, name + ".conv0", block.first_values.input.shape());
  first.input_type = block.first_values.input.type();
  first.needs_input_gradient = level > 0;
  block.first = backend_.make_conv2d(first, parameters);
  block.first_values.output = arena_.tensor(first.output(), type);
  release_after_inference(block.first_values.input);

  Conv2dDesc second = describe_conv(parameters, name + ".conv1", first.output());
  second.input_activation = description_.activation;
  second.pool_output = !is_bottleneck;
  block.second = backend_.make_conv2d(second, parameters);
  block.second_values.input = block.first_values.output;
  block.second_values.record = plan_record(*block.second);
  if (is_bottleneck) {
    block.second_values.output = arena_.tensor(second.output(), type);
  } else {
    Decoder& decoder = decoders_[static_cast<std::size_t>(level)];
    decoder.inputs = plan_input_pair(
        arena_, backend_, level_shape(level, description_.upsampled_channels(level)), channels);
    block.second_values.output = decoder.inputs.second;
    block.second_values.pooled = arena_.tensor(second.pooled(), type);
  }
  release_after_inference(block.first_values.output);
}

void UNet::plan_decoder(std::int64_t level, Parameters& parameters) {
  const DataType type = backend_.compute_type();
  const bool above_bottleneck = level == description_.levels() - 2;
  const std::string name = fmt::format("dec{}", level);
  Decoder& decoder = decoders_[static_cast<std::size_t>(level)];
  decoder.deep = above_bottleneck
                     ? encoders_.back().second_values.output
                     : decoders_[static_cast<std::size_t>(level + 1)].block.second_values.output;
  if (description_.upsampling == Upsampling::transposed_convolution)
    decoder.learned = backend_.make_conv_transpose2d(
        {.input = decoder.deep.shape(),
         .output_channels = decoder.inputs.first.shape().channels,
         .type = type,
         .input_activation = description_.activation,
         .weight = parameters.index_of(fmt::format("up{}.weight", level)),
         .bias = parameters.index_of(fmt::format("up{}.bias", level))},
        parameters);
  else
    decoder.nearest = backend_.make_resample({.kind = ResampleKind::upsample_nearest,
                                              .input = decoder.deep.shape(),
                                              .input_type = type,
                                              .output_type = type,
                                              .input_activation = description_.activation});
  release_after_inference(decoder.deep);

  Block& block = decoder.block;
  Conv2dDesc first = describe_conv(parameters, name + ".conv0", decoder.inputs.first.shape());
  first.second_channels = decoder.inputs.second.shape().channels;
  first.second_activation = description_.activation;
  block.first = backend_.make_conv2d(first, parameters);
  block.first_values = {.input = decoder.inputs.first,
                        .second = decoder.inputs.second,
                        .output = arena_.tensor(first.output(), type),
                        .pooled = {}};
  if (use_ == NetworkUse::inference)
    release(arena_, decoder.inputs);

  Conv2dDesc second = describe_conv(parameters, name + ".conv1", first.output());
  second.input_activation = description_.activation;
  block.second = backend_.make_conv2d(second, parameters);
  block.second_values.input = block.first_values.output;
  block.second_values.record = plan_record(*block.second);
  block.second_values.output = arena_.tensor(second.output(), type);
  release_after_inference(block.first_values.output);
}

void UNet::plan_projection(Parameters& parameters) {
  const Tensor& features = decoders_.front().block.second_values.output;
  Conv2dDesc desc = describe_conv(parameters, "out", features.shape());
  desc.activation = Activation::none;
  desc.output_type = DataType::float32;
  desc.input_activation = description_.activation;
  projection_ = backend_.make_conv2d(desc, parameters);
  projection_values_.input = features;
  projection_values_.output = arena_.tensor(desc.output(), DataType::float32);
  release_after_inference(features);
  if (description_.unshuffle == 1) {
    prediction_ = projection_values_.output;
    return;
  }
  shuffle_ = backend_.make_resample({.kind = ResampleKind::depth_to_space, .input = desc.output()});
  prediction_ = arena_.tensor(image_.shape(), DataType::float32);
}

}  // namespace limpid
