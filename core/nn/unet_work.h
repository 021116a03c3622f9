#pragma once

#include "core/nn/unet_layers.h"
#include "core/tensor/tensor.h"

#include <vector>

// What a U-Net must compute and move at least, layer by layer: the floor below which no time of a
// step can fall on a processor whose two rates are known. Counted is a step whose convolutions add
// bias and activation and pool on the fly, with every other layer a pass of its own: each value
// that a layer needs is read once and each result written once, and of derivatives as few bits as
// they take; weights are not counted (they stay in a cache). So convolutions that are fused with
// their neighbours can be faster, and so can tensors that stay in a cache; nothing else can.
namespace limpid {

struct Work {
  double flop = 0;   // a multiply-add counts as 2
  double bytes = 0;  // to and from memory

  Work& operator+=(const Work& other) {
    flop += other.flop;
    bytes += other.bytes;
    return *this;
  }
};

struct ProcessorRates {
  double flop_per_s = 0;
  double bytes_per_s = 0;  // read and written together

  // The longer of the times for arithmetic and for memory.
  double least_s(const Work& work) const;
};

// With x the input of a layer of n pixels, y its output, gx and gy their gradients: forward reads x
// and writes y; the gradient of x reads gy and the signs of x (for the derivative of the activation
// that made x), a bit each, and writes gx; that of the weights reads x and gy. A pool writes y; its
// gradient reads gy, and a byte for each about its four values.
struct LayerWork {
  UNetLayer layer{};
  Shape input{};
  Shape output{};
  Work forward{};
  Work data_gradient{};    // none for the first convolution
  Work weight_gradient{};  // none without weights
};

// For a batch of images, of which every value takes `type` in memory.
std::vector<LayerWork> work_of(const UNetDescription& description,
                               const Shape& image,
                               DataType type);

// Sums over layers, each with its own bound.
struct NetworkFloor {
  Work inference;
  Work training;  // the forward pass and both gradients
  double inference_s = 0;
  double training_s = 0;
};

NetworkFloor floor_of(const std::vector<LayerWork>& layers, const ProcessorRates& rates);

}  // namespace limpid
