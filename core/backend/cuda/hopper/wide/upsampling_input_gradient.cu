#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/hopper/row_map.h"
#include "core/backend/cuda/hopper/wide/upsampling_input_gradient.h"
#include "core/backend/cuda/hopper/wide/upsampling_input_layout.h"
#include "core/backend/cuda/hopper/wide/wide_launch.cuh"

namespace limpid::cuda {
namespace {

struct UpsamplingBoxes {
  int boxes;
  CUtensorMap gradient;
  CUtensorMap weight;

  template <class Tile>
  __device__ void load_input(const WideWork::Item& at,
                             int box,
                             std::uint32_t to,
                             std::uint32_t barrier) const {
    const UpsamplingBox b = upsampling_box<Tile>(box, boxes);
    start_box_copy_5d(to, gradient, barrier, {b.first_channel, at.x, b.right, b.lower, at.y});
  }
  template <class Tile>
  __device__ void load_weights(const WideWork::Item& at,
                               int box,
                               int /*tap*/,
                               std::uint32_t to,
                               std::uint32_t barrier) const {
    const UpsamplingBox b = upsampling_box<Tile>(box, boxes);
    start_weight_copy(to, weight, barrier, b.first_channel, 2 * b.lower + b.right, at.first_output);
  }
};

template <class Tile>
WideWork divide(const Shape& input) {
  return divide_wide<Tile>(1,
                           static_cast<int>(input.batch * input.height),
                           static_cast<int>(input.width),
                           static_cast<int>(input.channels));
}

template <class Tile>
void launch(const UpsamplingInputGradient& g, int multiprocessors, cudaStream_t stream) {
  const Shape& x = g.input_gradient.shape();
  const std::int64_t outputs = g.output_gradient.shape().channels;
  const ConvolutionWeights weights{.outputs = x.channels, .taps = 4, .inputs = outputs};
  const bool is_masked = g.input_activation != Activation::none;
  launch_wide<Tile>(
      WideArguments<UpsamplingBoxes>{
          .work = divide<Tile>(x),
          .loader = {.boxes = static_cast<int>(outputs) / Tile::chunk * Tile::boxes_of_a_chunk,
                     .gradient =
                         quad_map(g.output_gradient, Tile::chunk, Tile::width, Tile::height, 1),
                     .weight = weight_map(g.weight, weights, Tile::chunk, Tile::outputs)},
          .result = {.output = elements<__nv_bfloat16>(g.input_gradient),
                     .pooled = nullptr,
                     .pool_codes = nullptr,
                     .mask = is_masked ? elements<__nv_bfloat16>(g.input) : nullptr,
                     .bias = nullptr,
                     .output_stride = g.input_gradient.pixel_stride(),
                     .mask_stride = is_masked ? g.input.pixel_stride() : 0,
                     .channels = static_cast<int>(x.channels),
                     .slope = negative_slope(g.input_activation)}},
      multiprocessors,
      stream);
}

template <int outputs, int chunk>
void launch_for_size(const UpsamplingInputGradient& g, int multiprocessors, cudaStream_t stream) {
  using Large = UpsamplingInputTile<outputs, 2, chunk>;
  using Small = UpsamplingInputTile<outputs, 1, chunk>;
  const Shape& x = g.input_gradient.shape();
  if (large_is_faster(divide<Large>(x), divide<Small>(x), multiprocessors))
    launch<Large>(g, multiprocessors, stream);
  else
    launch<Small>(g, multiprocessors, stream);
}

template <int outputs>
void launch_for_chunk(const UpsamplingInputGradient& g, int multiprocessors, cudaStream_t stream) {
  if (g.output_gradient.shape().channels % 64 == 0)
    launch_for_size<outputs, 64>(g, multiprocessors, stream);
  else
    launch_for_size<outputs, 32>(g, multiprocessors, stream);
}

}  // namespace

bool upsampling_input_gradient_fits(const Shape& input,
                                    std::int64_t output_channels,
                                    DataType type,
                                    int compute_capability) {
  return type == DataType::bfloat16 && compute_capability == 90 && input.channels % 64 == 0 &&
         output_channels % 32 == 0;
}

void upsampling_input_gradient(const UpsamplingInputGradient& g,
                               int multiprocessor_count,
                               cudaStream_t stream) {
  if (g.input_gradient.shape().channels % 128 == 0)
    launch_for_chunk<128>(g, multiprocessor_count, stream);
  else
    launch_for_chunk<64>(g, multiprocessor_count, stream);
}

}  // namespace limpid::cuda
