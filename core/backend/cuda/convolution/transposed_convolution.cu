#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/transposed_convolution.h"
#include "core/backend/cuda/convolution/upsampling.cuh"
#include "core/backend/cuda/convolution/warp_matrix.cuh"
#include "core/backend/cuda/hopper/hopper_upsampling.h"
#include "core/backend/cuda/shared_memory.h"

#include <algorithm>
#include <limits>

// By mma.sync, from compute capability 8.0 on. cp.async brings pixels into the ring.
namespace limpid::cuda {
namespace {

constexpr int threads = 256;
constexpr int blocks_by_registers = 2;  // at once on a multiprocessor
using Block = UpsamplingBlock;

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

constexpr int warp_rows = 32;  // of 4 x 2 warps
constexpr int warp_columns = 64;

__device__ void load_weights(const Upsampling& u, int first_column, unsigned char* shared) {
  constexpr int pieces = Block::tile_columns / 8;
  for (int i = static_cast<int>(threadIdx.x); i < u.inputs * pieces; i += threads) {
    const int input = i / pieces;
    const int group = i % pieces / 4;
    const int q = i % 4;
    const uint4 words = weights_of_thread(u, input, first_column + 32 * group, q);
    auto* to =
        reinterpret_cast<std::uint32_t*>(shared + input * Block::weight_row_bytes) + 16 * group + q;
    to[0] = words.x;
    to[4] = words.y;
    to[8] = words.z;
    to[12] = words.w;
  }
}

// Of the warp at (row, column) of the tile: sums[m][8 columns at a time] of rows 16 m.
struct WarpProduct {
  float sums[warp_rows / 16][warp_columns / 8][4];

  __device__ void add_chunk(std::uint32_t pixels, std::uint32_t weights, int lane) {
    pixels += static_cast<std::uint32_t>(lane % 16 * Block::pixel_bytes + lane / 16 * 16);
    weights += static_cast<std::uint32_t>(lane % 16 * Block::weight_row_bytes + lane / 16 * 16);
#pragma unroll
    for (int k = 0; k < Block::chunk; k += 16) {
      std::uint32_t a[warp_rows / 16][4];
#pragma unroll
      for (int m = 0; m < warp_rows / 16; ++m)
        load_matrices(a[m], pixels + 16 * m * Block::pixel_bytes + 2 * k);
#pragma unroll
      for (int n = 0; n < warp_columns / 16; ++n) {
        std::uint32_t b[4];
        load_transposed_matrices(b, weights + k * Block::weight_row_bytes + 32 * n);
#pragma unroll
        for (int m = 0; m < warp_rows / 16; ++m) {
          multiply_add(sums[m][2 * n], a[m], b[0], b[1]);
          multiply_add(sums[m][2 * n + 1], a[m], b[2], b[3]);
        }
      }
    }
  }

  // Adds the bias and writes; `row` and `column` of the warp's first sum in the whole product.
  __device__ void store(const Upsampling& u, int row, int column, int lane) const {
#pragma unroll
    for (int group = 0; group < warp_columns / 32; ++group) {
      const int mine = column + 32 * group + lane % 4 * 8;
      const Vector8 bias = load8(u.bias + mine % u.outputs);
#pragma unroll
      for (int m = 0; m < warp_rows / 16; ++m)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int pixel = row + 16 * m + 8 * half + lane / 4;
          if (pixel >= u.pixels)
            continue;
          std::uint32_t words[4];
#pragma unroll
          for (int t = 0; t < 4; ++t) {
            const float(&pair)[4] = sums[m][4 * group + t];
            words[t] = biased_pair(pair[2 * half], pair[2 * half + 1], bias, t);
          }
          *reinterpret_cast<uint4*>(place_in_output(u, pixel, mine)) =
              make_uint4(words[0], words[1], words[2], words[3]);
        }
    }
  }
};

#endif

__global__ void __launch_bounds__(threads, blocks_by_registers)
    transposed_convolution_kernel(Upsampling u) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  extern __shared__ __align__(128) unsigned char memory[];
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % 32;
  const int warp_row = thread / 32 % (Block::tile_rows / warp_rows) * warp_rows;
  const int warp_column = thread / 32 / (Block::tile_rows / warp_rows) * warp_columns;
  const int first_column = static_cast<int>(blockIdx.y) * Block::tile_columns;
  const auto weights = static_cast<std::uint32_t>(__cvta_generic_to_shared(memory));
  const std::uint32_t ring =
      weights + static_cast<std::uint32_t>(u.inputs * Block::weight_row_bytes);

  const int tiles = u.tiles();
  const int chunks = u.inputs / Block::chunk;
  const int first_tile = static_cast<int>(blockIdx.x);
  const int stride = static_cast<int>(gridDim.x);
  const int steps = first_tile < tiles ? (tiles - first_tile + stride - 1) / stride * chunks : 0;
  const auto load = [&](int step) {
    if (step < steps) {
      const int first_pixel = (first_tile + step / chunks * stride) * Block::tile_rows;
      const std::uint32_t slot =
          ring + static_cast<std::uint32_t>(step % Block::slots * Block::slot_bytes);
      constexpr int pieces = Block::chunk / 8;
#pragma unroll
      for (int i = thread; i < Block::tile_rows * pieces; i += threads) {
        const int row = i / pieces;
        const int piece = i % pieces;
        const bool inside = first_pixel + row < u.pixels;
        const std::int64_t pixel = inside ? first_pixel + row : 0;
        copy_async(slot + static_cast<std::uint32_t>(row * Block::pixel_bytes + piece * 16),
                   u.x + pixel * u.x_stride + step % chunks * Block::chunk + 8 * piece,
                   inside);
      }
    }
    end_copies();
  };
#pragma unroll 1
  for (int step = 0; step + 1 < Block::slots; ++step)
    load(step);
  load_weights(u, first_column, memory);

  WarpProduct product{};
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    wait_for_copies<Block::slots - 2>();
    __syncthreads();  // all have this step's pixels, and have left the slot that is filled next
    load(step + Block::slots - 1);
    product.add_chunk(
        ring + static_cast<std::uint32_t>(step % Block::slots * Block::slot_bytes +
                                          warp_row * Block::pixel_bytes),
        weights + static_cast<std::uint32_t>(
                      step % chunks * Block::chunk * Block::weight_row_bytes + 2 * warp_column),
        lane);
    if (step % chunks + 1 == chunks) {
      product.store(u,
                    (first_tile + step / chunks * stride) * Block::tile_rows + warp_row,
                    first_column + warp_column,
                    lane);
      product = {};
    }
  }
#endif
}

}  // namespace

bool transposed_convolution_fits(const Shape& input,
                                 std::int64_t output_channels,
                                 DataType type,
                                 int compute_capability) {
  return type == DataType::bfloat16 && compute_capability >= 80 &&
         input.channels % Block::chunk == 0 && input.channels <= Block::most_inputs &&
         output_channels % 32 == 0 &&
         Block::shared_bytes(static_cast<int>(input.channels)) <=
             most_shared_bytes(compute_capability) &&
         input.pixel_count() <= std::numeric_limits<int>::max() - Block::tile_rows;
}

void transposed_convolution(const Tensor& input,
                            const Tensor& output,
                            const void* weight,
                            const void* bias,
                            const Processors& processors,
                            cudaStream_t stream) {
  require(input.pixel_stride() % 8 == 0 && output.pixel_stride() % 8 == 0,
          "pixels of {} and {} elements",
          input.pixel_stride(),
          output.pixel_stride());
  const Upsampling u{.x = elements<__nv_bfloat16>(input),
                     .weight = static_cast<const __nv_bfloat16*>(weight),
                     .bias = static_cast<const __nv_bfloat16*>(bias),
                     .y = elements<__nv_bfloat16>(output),
                     .x_stride = input.pixel_stride(),
                     .y_stride = output.pixel_stride(),
                     .pixels = static_cast<int>(input.shape().pixel_count()),
                     .width = static_cast<int>(input.shape().width),
                     .inputs = static_cast<int>(input.shape().channels),
                     .outputs = static_cast<int>(output.shape().channels)};
  if (processors.compute_capability == 90)
    return hopper_upsampling(u, processors.count, stream);
  const int bytes = Block::shared_bytes(u.inputs);
  LIMPID_CUDA(cudaFuncSetAttribute(
      transposed_convolution_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  const int blocks_at_once =
      std::min(blocks_by_registers, blocks_by_shared_memory(bytes, processors.compute_capability));
  transposed_convolution_kernel<<<upsampling_grid(u, processors.count * blocks_at_once),
                                  threads,
                                  static_cast<std::size_t>(bytes),
                                  stream>>>(u);
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
