#include "core/backend/cuda/hopper/row_map.h"
#include "core/backend/cuda/hopper/wide_convolution.h"
#include "core/backend/cuda/hopper/wide_launch.cuh"

namespace limpid::cuda {
namespace {

// A box is 64 channels of the tile with its border.
struct ConvolutionBoxes {
  int boxes;
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
      start_weight_copy(to + i * Tile::weight_box_bytes,
                        weight,
                        barrier,
                        Tile::backward ? at.first_output + 64 * i : box * Tile::chunk,
                        Tile::weight_tap(tap),
                        Tile::backward ? box * Tile::chunk : at.first_output);
  }
};

template <class Tile>
WideWork divide(const WideConvolution& c) {
  const Shape& to = c.output.shape();
  return divide_wide<Tile>(static_cast<int>(to.batch),
                           static_cast<int>(to.height),
                           static_cast<int>(to.width),
                           static_cast<int>(to.channels));
}

template <class Tile>
void launch(const WideConvolution& c, int multiprocessors, cudaStream_t stream) {
  const std::int64_t inputs = c.input.shape().channels;
  const std::int64_t outputs = c.output.shape().channels;
  const ConvolutionWeights weights = c.backward
                                         ? ConvolutionWeights{.outputs = inputs, .inputs = outputs}
                                         : ConvolutionWeights{.outputs = outputs, .inputs = inputs};
  launch_wide<Tile>(
      WideArguments<ConvolutionBoxes>{
          .work = divide<Tile>(c),
          .loader = {.boxes = static_cast<int>(inputs) / Tile::chunk,
                     .input = box_map(c.input, Tile::chunk, Tile::box_width, Tile::box_height),
                     .weight = weight_map(c.weight, weights, 64, Tile::weight_box_rows)},
          .output = elements<__nv_bfloat16>(c.output),
          .mask = c.mask.empty() ? nullptr : elements<__nv_bfloat16>(c.mask),
          .bias = static_cast<const __nv_bfloat16*>(c.bias),
          .output_stride = c.output.pixel_stride(),
          .mask_stride = c.mask.empty() ? 0 : c.mask.pixel_stride(),
          .slope = negative_slope(c.activation)},
      multiprocessors,
      stream);
}

template <int outputs, bool backward>
void launch_for_size(const WideConvolution& c, int multiprocessors, cudaStream_t stream) {
  using Large = WideTile<outputs, 2, backward>;
  using Small = WideTile<outputs, 1, backward>;
  if (large_is_faster(divide<Large>(c), divide<Small>(c), multiprocessors))
    launch<Large>(c, multiprocessors, stream);
  else
    launch<Small>(c, multiprocessors, stream);
}

template <bool backward>
void launch_for_channels(const WideConvolution& c, int multiprocessors, cudaStream_t stream) {
  if (c.output.shape().channels % 128 == 0)
    launch_for_size<128, backward>(c, multiprocessors, stream);
  else
    launch_for_size<64, backward>(c, multiprocessors, stream);
}

bool is_aligned(const Tensor& t) {
  return t.empty() ||
         (t.pixel_stride() % 8 == 0 && reinterpret_cast<std::uintptr_t>(t.data()) % 16 == 0);
}

}  // namespace

bool can_convolve_wide(int compute_capability,
                       std::int64_t input_channels,
                       std::int64_t output_channels) {
  return compute_capability == 90 && input_channels % 64 == 0 && output_channels % 64 == 0;
}

void convolve_wide(const WideConvolution& c, int multiprocessors, cudaStream_t stream) {
  const Shape& from = c.input.shape();
  const Shape& to = c.output.shape();
  require(is_aligned(c.input) && is_aligned(c.output) && is_aligned(c.mask) &&
              reinterpret_cast<std::uintptr_t>(c.weight) % 16 == 0,
          "a tensor without 16-byte alignment");
  require(c.mask.empty() || c.mask.shape() == to, "a mask of another shape");
  require(from.batch == to.batch && from.height == to.height && from.width == to.width,
          "a convolution that changes the size");
  if (c.backward)
    launch_for_channels<true>(c, multiprocessors, stream);
  else
    launch_for_channels<false>(c, multiprocessors, stream);
}

}  // namespace limpid::cuda
