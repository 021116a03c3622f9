#include "core/nn/conv_net.h"

namespace limpid {

ConvNet::ConvNet(Backend& backend,
                 const ConvNetDescription& description,
                 Parameters& parameters,
                 const Shape& image)
    : backend_(backend), description_(description), parameters_(parameters) {
  description.check();
  require(image.channels == 1 && image.batch == 1 && image.height >= description.grid_px() &&
              image.width >= description.grid_px(),
          "an image of {} x {} pixels for a network on a grid of {}",
          image.width,
          image.height,
          description.grid_px());
  image_ = arena_.tensor(image, DataType::float32);
  encoders_.resize(description.encoders.size());
  decoders_.resize(description.decoders.size());
  for (std::int64_t level = 0; level < std::ssize(encoders_); ++level)
    plan_encoder(level);
  for (std::int64_t level = std::ssize(decoders_) - 1; level >= 0; --level)
    plan_decoder(level);
  arena_.bind([&](std::size_t size_bytes) { return backend.allocate(size_bytes); });
}

// One line a layer; encoders_ and decoders_ are in the order of their levels.
void ConvNet::forward(const std::function<void()>& between_layers) {
  const auto pause = [&] {
    if (between_layers)
      between_layers();
  };
  for (const Layer& encoder : encoders_) {
    encoder.run();
    pause();
  }
  for (auto decoder = decoders_.rbegin(); decoder != decoders_.rend(); ++decoder) {
    if (decoder->upsample)
      decoder->upsample->forward(decoder->deep, decoder->inputs.first);
    if (image_layer_.convolution && &*decoder == &decoders_.front())
      image_layer_.run();
    for (const Layer& layer : decoder->layers) {
      layer.run();
      pause();
    }
  }
}

Shape ConvNet::level_shape(std::int64_t level, std::int64_t channels) const {
  const Shape& image = image_.shape();
  return {image.batch, image.height >> level, image.width >> level, channels};
}

Conv2dDesc ConvNet::describe(const std::string& name, const Shape& input) const {
  const std::size_t weight = parameters_.index_of(name + ".weight");
  return {.input = input,
          .output_channels = parameters_.specs()[weight].shape[0],
          .kernel_size = parameters_.specs()[weight].shape[2],
          .activation = description_.activation,
          .input_type = backend_.compute_type(),
          .output_type = backend_.compute_type(),
          .weight = weight,
          .bias = parameters_.index_of(name + ".bias")};
}

// The image, or the pooled map of the level above, which a decoder reads again.
void ConvNet::plan_encoder(std::int64_t level) {
  const bool is_deepest = level == description_.levels() - 1;
  Layer& encoder = encoders_[static_cast<std::size_t>(level)];
  if (level == 0)
    encoder.values.input = image_;
  Conv2dDesc desc = describe(fmt::format("enc{}", level), encoder.values.input.shape());
  desc.input_type = encoder.values.input.type();
  desc.needs_input_gradient = level > 0;
  desc.pool_output = !is_deepest;
  encoder.convolution = backend_.make_conv2d(desc, parameters_);
  encoder.values.output = arena_.tensor(desc.output(), desc.output_type);
  if (is_deepest) {
    arena_.release(encoder.values.input);
    return;
  }
  encoder.values.pooled = plan_place_after(level);
  encoders_[static_cast<std::size_t>(level + 1)].values.input = encoder.values.pooled;
  arena_.release(encoder.values.output);
}

// For the pooled map of encoder `level`.
Tensor ConvNet::plan_place_after(std::int64_t level) {
  const std::int64_t next = level + 1;
  const std::int64_t channels = description_.encoders[static_cast<std::size_t>(level)].channels;
  if (next == std::ssize(decoders_))
    return arena_.tensor(level_shape(next, channels), backend_.compute_type());
  InputPair& inputs = decoders_[static_cast<std::size_t>(next)].inputs;
  inputs = plan_input_pair(
      arena_, backend_, level_shape(next, description_.upsampled_channels(next)), channels);
  return inputs.second;
}

void ConvNet::plan_decoder(std::int64_t level) {
  if (!encoders_.empty())
    plan_upsampling(level);
  if (level == 0 && description_.image_channels > 0)
    plan_image();
  const Tensor output = plan_layers(level);
  if (level > 0)
    decoders_[static_cast<std::size_t>(level - 1)].deep = output;
  else
    prediction_ = output;
}

void ConvNet::plan_upsampling(std::int64_t level) {
  Decoder& decoder = decoders_[static_cast<std::size_t>(level)];
  if (level == std::ssize(decoders_) - 1)
    decoder.deep = encoders_.back().values.output;
  const Shape target = level_shape(level, description_.upsampled_channels(level));
  if (level == 0)  // those of other levels were made for their encoders
    decoder.inputs =
        plan_input_pair(arena_, backend_, target, description_.skipped_channels(level));
  decoder.upsample = backend_.make_resample({.kind = ResampleKind::upsample_nearest,
                                             .input = decoder.deep.shape(),
                                             .input_type = backend_.compute_type(),
                                             .output_type = backend_.compute_type(),
                                             .odd_height = target.height % 2 != 0,
                                             .odd_width = target.width % 2 != 0});
  arena_.release(decoder.deep);
}

void ConvNet::plan_image() {
  Conv2dDesc desc = describe("image", image_.shape());
  desc.input_type = DataType::float32;
  desc.needs_input_gradient = false;
  desc.activation = Activation::none;
  image_layer_.convolution = backend_.make_conv2d(desc, parameters_);
  InputPair& inputs = decoders_.front().inputs;
  if (encoders_.empty())
    inputs.first = arena_.tensor(desc.output(), desc.output_type);
  image_layer_.values.input = image_;
  image_layer_.values.output = encoders_.empty() ? inputs.first : inputs.second;
  arena_.release(image_);
}

// The convolutions of a decoder; gives the output of the last.
Tensor ConvNet::plan_layers(std::int64_t level) {
  Decoder& decoder = decoders_[static_cast<std::size_t>(level)];
  if (decoder.inputs.first.empty())
    decoder.inputs.first = image_;
  Tensor input = decoder.inputs.first;
  const std::size_t count = description_.decoders[static_cast<std::size_t>(level)].size();
  for (std::size_t i = 0; i < count; ++i) {
    Layer& layer = decoder.layers.emplace_back();
    Conv2dDesc desc = describe(fmt::format("dec{}.conv{}", level, i), input.shape());
    desc.input_type = input.type();
    desc.needs_input_gradient = input.shape().channels > 1;
    if (level == 0 && i + 1 == count) {
      desc.activation = Activation::none;
      desc.output_type = DataType::float32;
    }
    layer.values.input = input;
    if (i == 0 && !decoder.inputs.second.empty()) {
      layer.values.second = decoder.inputs.second;
      desc.second_channels = decoder.inputs.second.shape().channels;
    }
    layer.convolution = backend_.make_conv2d(desc, parameters_);
    layer.values.output = arena_.tensor(desc.output(), desc.output_type);
    if (i == 0 && !decoder.inputs.second.empty())
      release(arena_, decoder.inputs);
    else
      arena_.release(input);
    input = layer.values.output;
  }
  return input;
}

}  // namespace limpid
