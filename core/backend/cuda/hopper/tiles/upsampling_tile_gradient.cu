#include "core/backend/cuda/hopper/row_map.h"
#include "core/backend/cuda/hopper/tiles/tile_launch.cuh"
#include "core/backend/cuda/hopper/tiles/upsampling_tile_gradient.h"
#include "core/backend/cuda/hopper/tiles/upsampling_tile_layout.h"

namespace limpid::cuda {
namespace {

struct UpsamplingLoader {
  int tiles_of_row;
  int rows_of_tiles;
  CUtensorMap input;
  CUtensorMap gradient;

  __device__ int tiles() const { return tiles_of_row * rows_of_tiles; }

  template <class Tile>
  __device__ void load(
      int tile, int first_input, int first_output, std::uint32_t to, std::uint32_t barrier) const {
    const int x = tile % tiles_of_row * Tile::width;
    const int y = tile / tiles_of_row * Tile::rows;
    expect_bytes(barrier, Tile::Block::stage_bytes);
#pragma unroll
    for (int i = 0; i < Tile::warpgroups; ++i)
      start_box_copy(to + static_cast<std::uint32_t>(i * Tile::input_box),
                     input,
                     barrier,
                     first_input + wgmma::rows * i,
                     {x, y, 0});
    start_box_copy_5d(to + Tile::gradient_offset, gradient, barrier, {first_output, x, 0, 0, y});
  }
};

template <class F>
void with_tile(std::int64_t inputs, std::int64_t outputs, F&& f) {
  if (outputs % 64 != 0)
    f(UpsamplingTile<32, 1>{});
  else if (inputs % 128 != 0)
    f(UpsamplingTile<64, 1>{});
  else
    f(UpsamplingTile<64, 2>{});
}

template <class Tile>
UpsamplingLoader make_loader(const Tensor& input, const Tensor& output_gradient) {
  const Shape& shape = input.shape();
  const auto width = static_cast<int>(shape.width);
  const auto rows = static_cast<int>(shape.batch * shape.height);
  return {.tiles_of_row = (width + Tile::width - 1) / Tile::width,
          .rows_of_tiles = (rows + Tile::rows - 1) / Tile::rows,
          .input = stacked_box_map(input, wgmma::rows, Tile::width, Tile::rows),
          .gradient = quad_map(output_gradient, Tile::output_channels, Tile::width, Tile::rows)};
}

}  // namespace

bool upsampling_tile_gradient_fits(const Shape& input,
                                   std::int64_t output_channels,
                                   DataType type,
                                   int compute_capability) {
  return type == DataType::bfloat16 && compute_capability == 90 && input.channels % 64 == 0 &&
         output_channels % 32 == 0;
}

std::size_t upsampling_tile_gradient_workspace(const Shape& input,
                                               std::int64_t output_channels,
                                               int multiprocessor_count) {
  std::size_t bytes = 0;
  with_tile(input.channels, output_channels, [&]<class Tile>(Tile) {
    bytes = tile_workspace<Tile>(
        divide_channels<Tile>(input.channels, output_channels, multiprocessor_count));
  });
  return bytes;
}

void upsampling_tile_gradient(const Tensor& input,
                              const Tensor& output_gradient,
                              void* weight_gradient,
                              void* bias_gradient,
                              void* workspace,
                              int multiprocessor_count,
                              cudaStream_t stream) {
  const std::int64_t inputs = input.shape().channels;
  const std::int64_t outputs = output_gradient.shape().channels;
  with_tile(inputs, outputs, [&]<class Tile>(Tile) {
    launch_tiles<Tile>(
        TileArguments<UpsamplingLoader>{
            .loader = make_loader<Tile>(input, output_gradient),
            .slices = divide_channels<Tile>(inputs, outputs, multiprocessor_count),
            .partial = static_cast<float*>(workspace)},
        weight_gradient,
        bias_gradient,
        stream);
  });
}

}  // namespace limpid::cuda
