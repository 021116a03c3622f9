#include "core/backend/cuda/hopper/row_map.h"
#include "core/backend/cuda/hopper/tiles/tile_gradient.h"
#include "core/backend/cuda/hopper/tiles/tile_gradient_layout.h"
#include "core/backend/cuda/hopper/tiles/tile_launch.cuh"

namespace limpid::cuda {
namespace {

struct ConvolutionLoader {
  TileWork work;
  CUtensorMap input;
  CUtensorMap gradient;

  __device__ int tiles() const { return work.tiles(); }

  template <class Tile>
  __device__ void load(
      int tile, int first_input, int first_output, std::uint32_t to, std::uint32_t barrier) const {
    const TileWork::Place at = work.place<Tile>(tile);
    const int above = at.y - 1;
    expect_bytes(barrier, Tile::input_bytes + Tile::gradient_bytes);
    start_box_copy(
        to, input, barrier, first_input, {at.x - 1, Tile::a_is_input ? at.y : above, at.image});
    start_box_copy(to + Tile::gradient_offset,
                   gradient,
                   barrier,
                   first_output,
                   {at.x, Tile::a_is_input ? above : at.y, at.image});
  }
};

template <class F>
void with_tile(const Shape& input, const Shape& output, F&& f) {
  const bool wide_input = input.channels % 64 == 0;
  const bool wide_output = output.channels % 64 == 0;
  if (wide_input && wide_output)
    f(ConvolutionTile<64, 64>{});
  else if (wide_input)
    f(ConvolutionTile<64, 32>{});
  else if (wide_output)
    f(ConvolutionTile<32, 64>{});
  else
    f(ConvolutionTile<32, 32>{});
}

template <class Tile>
ConvolutionLoader make_loader(const Tensor& input, const Tensor& output_gradient) {
  const Shape& shape = input.shape();
  return {.work = divide_tiles<Tile>(static_cast<int>(shape.batch),
                                     static_cast<int>(shape.height),
                                     static_cast<int>(shape.width)),
          .input = box_map(input, Tile::input_channels, Tile::input_width, Tile::input_rows),
          .gradient =
              box_map(output_gradient, Tile::output_channels, Tile::width, Tile::gradient_rows)};
}

}  // namespace

bool tile_gradient_fits(const Shape& input,
                        const Shape& output,
                        DataType type,
                        int compute_capability) {
  return type == DataType::bfloat16 && compute_capability == 90 && input.channels % 32 == 0 &&
         output.channels % 32 == 0;
}

std::size_t tile_gradient_workspace(const Shape& input,
                                    const Shape& output,
                                    int multiprocessor_count) {
  std::size_t bytes = 0;
  with_tile(input, output, [&]<class Tile>(Tile) {
    bytes = tile_workspace<Tile>(
        divide_channels<Tile>(input.channels, output.channels, multiprocessor_count));
  });
  return bytes;
}

void tile_gradient(const Tensor& input,
                   const Tensor& output_gradient,
                   void* weight_gradient,
                   void* bias_gradient,
                   void* workspace,
                   int multiprocessor_count,
                   cudaStream_t stream) {
  const Shape& x = input.shape();
  const Shape& g = output_gradient.shape();
  with_tile(x, g, [&]<class Tile>(Tile) {
    launch_tiles<Tile>(
        TileArguments<ConvolutionLoader>{
            .loader = make_loader<Tile>(input, output_gradient),
            .slices = divide_channels<Tile>(x.channels, g.channels, multiprocessor_count),
            .partial = static_cast<float*>(workspace)},
        weight_gradient,
        bias_gradient,
        stream);
  });
}

}  // namespace limpid::cuda
