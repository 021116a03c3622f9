#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/hopper/row_map.h"
#include "core/backend/cuda/hopper/wide/wide_convolution.h"
#include "core/backend/cuda/hopper/wide/wide_launch.cuh"

namespace limpid::cuda {
namespace {

// A box is 64 channels of the tile with its border.
struct ConvolutionBoxes {
  int boxes;
  int first_weight_channel;  // backward
  CUtensorMap input;
  CUtensorMap weight;

  template <class Tile>
  __device__ void load_input(const WideWork::Item& at,
                             int box,
                             std::uint32_t to,
                             std::uint32_t barrier) const {
    start_box_copy(to, input, barrier, box * Tile::chunk, {at.x - 1, at.y - 1, at.image});
  }
  template <class Tile>
  __device__ void load_weights(
      const WideWork::Item& at, int box, int tap, std::uint32_t to, std::uint32_t barrier) const {
#pragma unroll
    for (int i = 0; i < Tile::weight_boxes; ++i)
      start_weight_copy(
          to + i * Tile::weight_box_bytes,
          weight,
          barrier,
          Tile::backward ? first_weight_channel + at.first_output + 64 * i : box * Tile::chunk,
          Tile::weight_tap(tap),
          Tile::backward ? box * Tile::chunk : at.first_output);
  }
};

template <class Tile>
WideWork divide(const HopperConvolution& c) {
  const Shape& to = c.output.shape();
  return divide_wide<Tile>(static_cast<int>(to.batch),
                           static_cast<int>(to.height),
                           static_cast<int>(to.width),
                           static_cast<int>(to.channels));
}

template <class Tile>
void launch(const HopperConvolution& c, int multiprocessors, cudaStream_t stream) {
  const std::int64_t inputs = c.input.shape().channels;
  const std::int64_t outputs = c.output.shape().channels;
  const std::int64_t weight_channels = c.weight_channels > 0 ? c.weight_channels : outputs;
  const ConvolutionWeights weights =
      c.backward ? ConvolutionWeights{.outputs = inputs, .inputs = weight_channels}
                 : ConvolutionWeights{.outputs = outputs, .inputs = inputs};
  launch_wide<Tile>(
      WideArguments<ConvolutionBoxes>{
          .work = divide<Tile>(c),
          .loader = {.boxes = static_cast<int>(inputs) / Tile::chunk,
                     .first_weight_channel = static_cast<int>(c.first_weight_channel),
                     .input = box_map(c.input, Tile::chunk, Tile::box_width, Tile::box_height),
                     .weight = weight_map(c.weight, weights, 64, Tile::weight_box_rows)},
          .result = {.output = elements<__nv_bfloat16>(c.output),
                     .pooled = c.pooled.empty() ? nullptr : elements<__nv_bfloat16>(c.pooled),
                     .pool_codes = c.pool_codes,
                     .mask = c.mask.empty() ? nullptr : elements<__nv_bfloat16>(c.mask),
                     .bias = static_cast<const __nv_bfloat16*>(c.bias),
                     .output_stride = c.output.pixel_stride(),
                     .mask_stride = c.mask.empty() ? 0 : c.mask.pixel_stride(),
                     .channels = static_cast<int>(outputs),
                     .slope = negative_slope(c.activation)}},
      multiprocessors,
      stream);
}

template <int outputs, ConvolutionResult result>
void launch_for_size(const HopperConvolution& c, int multiprocessors, cudaStream_t stream) {
  using Large = WideTile<outputs, 2, result>;
  using Small = WideTile<outputs, 1, result>;
  if (large_is_faster(divide<Large>(c), divide<Small>(c), multiprocessors))
    launch<Large>(c, multiprocessors, stream);
  else
    launch<Small>(c, multiprocessors, stream);
}

template <ConvolutionResult result>
void launch_for_channels(const HopperConvolution& c, int multiprocessors, cudaStream_t stream) {
  if (c.output.shape().channels % 128 == 0)
    launch_for_size<128, result>(c, multiprocessors, stream);
  else
    launch_for_size<64, result>(c, multiprocessors, stream);
}

}  // namespace

bool can_convolve_wide(int compute_capability,
                       std::int64_t input_channels,
                       std::int64_t output_channels) {
  return compute_capability == 90 && input_channels % 64 == 0 && output_channels % 64 == 0;
}

void convolve_wide(const HopperConvolution& c, int multiprocessors, cudaStream_t stream) {
  check_tensors(c);
  require(c.signs == nullptr, "signs of many channels");
  if (c.backward && !c.pooled.empty())
    launch_for_channels<ConvolutionResult::joined_gradient>(c, multiprocessors, stream);
  else if (c.backward)
    launch_for_channels<ConvolutionResult::gradient>(c, multiprocessors, stream);
  else if (!c.pooled.empty())
    launch_for_channels<ConvolutionResult::output_and_pooled>(c, multiprocessors, stream);
  else
    launch_for_channels<ConvolutionResult::output>(c, multiprocessors, stream);
}

}  // namespace limpid::cuda
