#pragma once

#include "core/backend/backend.h"
#include "core/backend/input_pair.h"
#include "core/nn/network.h"
#include "core/nn/unet_description.h"
#include "core/tensor/arena.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

enum class NetworkUse { inference, training };

// A U-Net on a backend, for one batch and image size. All memory for activations and gradients is
// one block, taken in the constructor. The parameters are shared: several networks of other sizes
// may use the same ones.
class UNet : public Network {
 public:
  // `image` is (batch, height, width, 1); height and width are multiples of description.grid_px().
  // Throws Error(device) when the memory is not enough.
  UNet(Backend& backend,
       const UNetDescription& description,
       Parameters& parameters,
       const Shape& image,
       NetworkUse use);

  const Tensor& image() const override { return image_; }
  const Tensor& prediction() const override { return prediction_; }
  // Fill before backward(); only for training.
  const Tensor& prediction_gradient() const { return prediction_gradient_; }
  std::size_t memory_bytes() const override { return arena_.size_bytes(); }

  void forward(const std::function<void()>& between_layers = {}) override;
  // Writes the gradients of the parameters. Follows a forward().
  void backward();

  // An operation with the tensors it works on in this network, to be timed alone; the network must
  // outlive it.
  struct Operation {
    std::string name;  // as in layers_of(); a pool belongs to the convolution before it
    std::function<void()> forward;
    std::function<void()> backward;  // both gradients; like the next, null where there is none
    std::function<void()> weight_gradient;  // the part of backward() that concerns the weights
    std::function<Implementations()> implementations;  // null for what has no weights
  };
  // In the order of forward(). Without gradients in a network made for inference.
  std::vector<Operation> operations();

 private:
  // Two convolutions, with what they read and write.
  struct Block {
    std::unique_ptr<Conv2d> first;
    std::unique_ptr<Conv2d> second;
    Conv2d::Forward first_values;
    Conv2d::Forward second_values;
    Conv2d::Backward first_gradients;
    Conv2d::Backward second_gradients;
  };
  struct Decoder {
    std::unique_ptr<ConvTranspose2d> learned;  // one of these two doubles the size
    std::unique_ptr<Resample> nearest;
    Tensor deep;  // output of the level below
    Tensor deep_gradient;
    InputPair inputs;  // upsampled deep features, and the encoder's output: the skip connection
    InputPair input_gradients;
    Block block;
    // Where the first convolution joins gradients at the skip connection: all that it then needs.
    std::optional<Conv2d::SkipBackward> joined;
  };

  void plan_forward(Parameters& parameters, const Shape& image);
  void plan_encoder(std::int64_t level, Parameters& parameters);
  void plan_decoder(std::int64_t level, Parameters& parameters);
  void plan_projection(Parameters& parameters);
  void plan_backward();
  Tensor plan_decoder_backward(Decoder& decoder, const Tensor& output_gradient);
  Tensor plan_encoder_backward(std::int64_t level, const Tensor& gradient);
  void plan_skip_backward(std::int64_t level, const Tensor& pooled_gradient);
  Tensor plan_gradient_of(const Tensor& value);
  Tensor plan_record(const Conv2d& convolution);

  static void skip_backward(Decoder& decoder);
  Shape level_shape(std::int64_t level, std::int64_t channels) const;
  Conv2dDesc describe_conv(const Parameters& parameters,
                           const std::string& name,
                           const Shape& input) const;
  void release_after_inference(const Tensor& tensor);

  Backend& backend_;
  UNetDescription description_;
  NetworkUse use_;
  Shape grid_;  // of level 0
  Arena arena_;

  Tensor image_;
  Tensor prediction_;
  Tensor prediction_gradient_;
  std::unique_ptr<Resample> unshuffle_;  // both null without unshuffle
  std::unique_ptr<Resample> shuffle_;
  std::vector<Block> encoders_;
  std::vector<Decoder> decoders_;  // decoders_[level]; none for the bottleneck
  std::unique_ptr<Conv2d> projection_;
  Conv2d::Forward projection_values_;
  Conv2d::Backward projection_gradients_;
};

}  // namespace limpid
