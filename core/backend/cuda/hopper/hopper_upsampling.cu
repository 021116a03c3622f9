#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/warp_matrix.cuh"
#include "core/backend/cuda/hopper/hopper_upsampling.h"
#include "core/backend/cuda/hopper/hopper_upsampling_layout.h"
#include "core/backend/cuda/hopper/wgmma.cuh"

// The matrix product of upsampling.cuh by Hopper's warpgroup instructions: two warpgroups take 64
// pixels of a tile each.
namespace limpid::cuda {
namespace {

namespace layout = hopper_upsampling_layout;

// Two blocks on a multiprocessor, one of which computes while the other stores, are better than
// more slots; the weights of more than 256 inputs leave room for one block.
constexpr int most_inputs_of_two = 256;

constexpr int slots_for(int inputs) {
  return inputs <= most_inputs_of_two ? 3 : 4;
}

constexpr int shared_bytes(int inputs) {
  return layout::weight_bytes(inputs) + slots_for(inputs) * layout::slot_bytes;
}

constexpr int blocks_for(int inputs) {
  return inputs <= most_inputs_of_two ? 2 : 1;
}

__device__ void load_weights(const Upsampling& u, int first_column, unsigned char* shared) {
  constexpr int pieces = layout::tile_columns / 8;
  for (int i = static_cast<int>(threadIdx.x); i < u.inputs * pieces; i += layout::threads) {
    const int input = i / pieces;
    const int group = i % pieces / 4;
    const int q = i % 4;
    const uint4 words = weights_of_thread(u, input, first_column + 32 * group, q);
    const std::uint32_t pairs[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
    for (int t = 0; t < 4; ++t)
      *reinterpret_cast<std::uint32_t*>(shared + layout::weight_offset(input, group, q, t)) =
          pairs[t];
  }
}

// The block's share of the image, as steps of 64 inputs of a tile.
struct Steps {
  int first_tile;
  int tile_stride;
  int tiles;   // of this block
  int chunks;  // of a tile

  __device__ explicit Steps(const Upsampling& u)
      : first_tile(static_cast<int>(blockIdx.x)),
        tile_stride(static_cast<int>(gridDim.x)),
        tiles((u.tiles() - first_tile + tile_stride - 1) / tile_stride),
        chunks(u.inputs / layout::chunk) {}
  __device__ int count() const { return tiles * chunks; }
  __device__ int first_pixel(int tile) const {
    return (first_tile + tile * tile_stride) * layout::tile_rows;
  }
};

__device__ void load_pixels(const Upsampling& u, const Steps& steps, int step, std::uint32_t slot) {
  constexpr int pieces = layout::chunk / 8;
  const int first_pixel = steps.first_pixel(step / steps.chunks);
  const int first_input = step % steps.chunks * layout::chunk;
#pragma unroll
  for (int i = static_cast<int>(threadIdx.x); i < layout::tile_rows * pieces;
       i += layout::threads) {
    const int row = i / pieces;
    const int piece = i % pieces;
    const bool inside = first_pixel + row < u.pixels;
    const std::int64_t pixel = inside ? first_pixel + row : 0;
    copy_async(slot + layout::pixel_offset(row, piece),
               u.x + pixel * u.x_stride + first_input + 8 * piece,
               inside);
  }
}

// Adds the bias and writes; `first_pixel` and `slice_column` of the warpgroup's sums.
__device__ void store(const Upsampling& u,
                      const float (&sums)[layout::sums],
                      int first_pixel,
                      int slice_column) {
  const int thread = static_cast<int>(threadIdx.x) % layout::warpgroup_threads;
#pragma unroll
  for (int group = 0; group < layout::tile_columns / 32; ++group) {
    const int column = slice_column + layout::first_column(thread, group);
    const Vector8 bias = load8(u.bias + column % u.outputs);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int pixel = first_pixel + layout::first_row(thread) + 8 * half;
      std::uint32_t words[4];
#pragma unroll
      for (int t = 0; t < 4; ++t) {
        const int i = layout::first_sum(group, half, t);
        words[t] = biased_pair(sums[i], sums[i + 1], bias, t);
      }
      if (pixel < u.pixels)
        *reinterpret_cast<uint4*>(place_in_output(u, pixel, column)) =
            make_uint4(words[0], words[1], words[2], words[3]);
    }
  }
}

// Blocks (any, columns of the weights / 128).
template <int Slots, int Blocks>
__global__ void __launch_bounds__(layout::threads, Blocks) hopper_upsampling_kernel(Upsampling u) {
  extern __shared__ __align__(1024) unsigned char memory[];
  const int warpgroup = static_cast<int>(threadIdx.x) / layout::warpgroup_threads;
  const int slice_column = static_cast<int>(blockIdx.y) * layout::tile_columns;
  const auto weights = static_cast<std::uint32_t>(__cvta_generic_to_shared(memory));
  const std::uint32_t ring = weights + static_cast<std::uint32_t>(layout::weight_bytes(u.inputs));
  const Steps steps(u);
  const auto slot = [&](int step) {
    return ring + static_cast<std::uint32_t>(step % Slots * layout::slot_bytes);
  };
  const auto load = [&](int step) {
    if (step < steps.count())
      load_pixels(u, steps, step, slot(step));
    end_copies();
  };
  // A slot is filled again two steps after the products that read it were asked for.
  constexpr int ahead = Slots - 2;
#pragma unroll 1
  for (int step = 0; step < ahead; ++step)
    load(step);
  load_weights(u, slice_column, memory);

  float sums[layout::sums];
  for (int tile = 0, step = 0; tile < steps.tiles; ++tile) {
    wgmma::begin(sums);
#pragma unroll 1
    for (int c = 0; c < steps.chunks; ++c, ++step) {
      wait_for_copies<ahead - 1>();
      wgmma::fence_shared_writes();
      __syncthreads();
      load(step + ahead);
#pragma unroll
      for (int product = 0; product < layout::products; ++product)
        wgmma::multiply<wgmma::Contiguous::k, wgmma::Contiguous::row>(
            sums,
            layout::pixel_matrix(slot(step), warpgroup, product),
            layout::weight_matrix(weights, c, product),
            c + product > 0);
      wgmma::commit();
      wgmma::wait<1>();  // those of the step before have read their slot
    }
    wgmma::wait<0>();
    wgmma::hold(sums);
    store(u, sums, steps.first_pixel(tile) + warpgroup * wgmma::rows, slice_column);
  }
}

}  // namespace

void hopper_upsampling(const Upsampling& u, int multiprocessor_count, cudaStream_t stream) {
  static_assert(UpsamplingBlock::tile_rows == layout::tile_rows &&
                UpsamplingBlock::tile_columns == layout::tile_columns &&
                UpsamplingBlock::chunk == layout::chunk);
  const int bytes = shared_bytes(u.inputs);
  const auto kernel = u.inputs <= most_inputs_of_two
                          ? hopper_upsampling_kernel<slots_for(most_inputs_of_two), 2>
                          : hopper_upsampling_kernel<slots_for(UpsamplingBlock::most_inputs), 1>;
  LIMPID_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  kernel<<<upsampling_grid(u, multiprocessor_count * blocks_for(u.inputs)),
           layout::threads,
           static_cast<std::size_t>(bytes),
           stream>>>(u);
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
