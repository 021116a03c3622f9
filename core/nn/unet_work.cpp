#include "core/nn/unet_work.h"

#include <algorithm>

namespace limpid {
namespace {

std::int64_t input_grid_px(const UNetLayer& layer) {
  switch (layer.kind) {
    case LayerKind::transposed_convolution:
    case LayerKind::upsample_nearest:
    case LayerKind::depth_to_space:
      return 2 * layer.grid_px;
    case LayerKind::max_pool:
    case LayerKind::space_to_depth:
      return layer.grid_px / 2;
    case LayerKind::convolution:
      break;
  }
  return layer.grid_px;
}

Shape on_grid(const Shape& image, std::int64_t grid_px, std::int64_t channels) {
  return {image.batch, image.height / grid_px, image.width / grid_px, channels};
}

double flop_of(const LayerWork& work) {
  const double products = static_cast<double>(work.layer.inputs * work.layer.outputs) *
                          static_cast<double>(work.output.pixel_count());
  // The 2x2 taps of a transposed convolution do not overlap: one for each output.
  const std::int64_t taps = work.layer.kind == LayerKind::transposed_convolution
                                ? 1
                                : work.layer.kernel * work.layer.kernel;
  return 2 * products * static_cast<double>(taps);
}

LayerWork work_of_layer(const UNetLayer& layer, const Shape& image, DataType type, bool is_first) {
  LayerWork work{.layer = layer,
                 .input = on_grid(image, input_grid_px(layer), layer.inputs),
                 .output = on_grid(image, layer.grid_px, layer.outputs)};
  const auto x_elements = static_cast<double>(work.input.element_count());
  const double x = static_cast<double>(Tensor::size_bytes(work.input, type));
  const double y = static_cast<double>(Tensor::size_bytes(work.output, type));
  const double flop = flop_of(work);
  work.forward = {flop, x + y};
  if (layer.has_weights())
    work.weight_gradient = {flop, x + y};
  switch (layer.kind) {
    case LayerKind::convolution:
    case LayerKind::transposed_convolution:
      if (!is_first)
        work.data_gradient = {flop, y + x + x_elements / 8};
      break;
    case LayerKind::max_pool:  // in the convolution before it; its gradient is added where that of
                               // the skip connection is computed
      work.forward = {0, y};
      work.data_gradient = {0, y + static_cast<double>(work.output.element_count())};
      break;
    case LayerKind::upsample_nearest:
    case LayerKind::depth_to_space:
      work.data_gradient = {0, y + x};
      break;
    case LayerKind::space_to_depth:  // of the image, which needs no gradient
      break;
  }
  return work;
}

}  // namespace

double ProcessorRates::least_s(const Work& work) const {
  return std::max(work.flop / flop_per_s, work.bytes / bytes_per_s);
}

std::vector<LayerWork> work_of(const UNetDescription& description,
                               const Shape& image,
                               DataType type) {
  std::vector<LayerWork> works;
  bool is_first = true;
  for (const UNetLayer& layer : layers_of(description)) {
    works.push_back(work_of_layer(layer, image, type, is_first));
    is_first = is_first && !layer.has_weights();
  }
  return works;
}

NetworkFloor floor_of(const std::vector<LayerWork>& layers, const ProcessorRates& rates) {
  NetworkFloor floor;
  for (const LayerWork& work : layers) {
    floor.inference += work.forward;
    floor.inference_s += rates.least_s(work.forward);
    for (const Work& part : {work.forward, work.data_gradient, work.weight_gradient}) {
      floor.training += part;
      floor.training_s += rates.least_s(part);
    }
  }
  return floor;
}

}  // namespace limpid
