#pragma once

#include "core/backend/backend.h"
#include "core/backend/input_pair.h"
#include "core/nn/conv_net_description.h"
#include "core/nn/network.h"
#include "core/tensor/arena.h"

#include <memory>
#include <string>
#include <vector>

namespace limpid {

// A ConvNetDescription on a backend, for one image size. Memory and parameters as in UNet.
class ConvNet : public Network {
 public:
  // `image` is (1, height, width, 1), no side smaller than description.grid_px().
  ConvNet(Backend& backend,
          const ConvNetDescription& description,
          Parameters& parameters,
          const Shape& image);

  const Tensor& image() const override { return image_; }
  const Tensor& prediction() const override { return prediction_; }
  std::size_t memory_bytes() const override { return arena_.size_bytes(); }
  void forward(const std::function<void()>& between_layers = {}) override;

 private:
  struct Layer {
    std::unique_ptr<Conv2d> convolution;
    Conv2d::Forward values;

    void run() const { convolution->forward(values); }
  };
  struct Decoder {
    std::unique_ptr<Resample> upsample;  // null in a chain
    Tensor deep;                         // output of the level below
    InputPair inputs;  // upsampled deep features, and what is concatenated with them
    std::vector<Layer> layers;
  };

  void plan_encoder(std::int64_t level);
  Tensor plan_place_after(std::int64_t level);
  void plan_decoder(std::int64_t level);
  void plan_upsampling(std::int64_t level);
  void plan_image();
  Tensor plan_layers(std::int64_t level);

  Shape level_shape(std::int64_t level, std::int64_t channels) const;
  Conv2dDesc describe(const std::string& name, const Shape& input) const;

  Backend& backend_;
  ConvNetDescription description_;
  Parameters& parameters_;
  Arena arena_;

  Tensor image_;
  Tensor prediction_;
  std::vector<Layer> encoders_;
  std::vector<Decoder> decoders_;  // decoders_[level]
  Layer image_layer_;              // empty when decoder 0 reads the image as it is
};

}  // namespace limpid
