#include "core/backend/cuda/check.h"
#include "core/backend/cuda/hopper_upsampling.h"
#include "core/backend/cuda/warp_matrix.cuh"
#include "core/backend/cuda/wgmma.cuh"

// The matrix product of upsampling.cuh by Hopper's warpgroup instructions: two warpgroups take 64
// pixels of a tile each. What a thread of the 128 then has of a row are two neighbouring columns of
// each 8, as with mma.sync.
namespace limpid::cuda {
namespace {

constexpr int warpgroup_threads = 128;
constexpr int threads = Upsampling::tile_rows / wgmma::rows * warpgroup_threads;
constexpr int sum_count = Upsampling::tile_columns / 2;  // of a thread

// 64 inputs of a pixel fill a row of 128 bytes, swizzled.
constexpr int pixel_bytes = 2 * Upsampling::chunk;
constexpr int slot_bytes = Upsampling::tile_rows * pixel_bytes;
constexpr wgmma::CoreStrides pixel_strides{.along_k_bytes = 16, .along_mn_bytes = 8 * pixel_bytes};
// Core matrices of 8 inputs x 8 columns: the columns' follow one another, then those of the next 8
// inputs.
constexpr wgmma::CoreStrides weight_strides{
    .along_k_bytes = Upsampling::tile_columns / 8 * wgmma::core_bytes,
    .along_mn_bytes = wgmma::core_bytes};

__host__ __device__ constexpr int weight_bytes(int inputs) {
  return inputs * Upsampling::tile_columns * 2;
}

// Three slots let two blocks of 256 inputs share a multiprocessor.
constexpr int slots_for(int inputs) {
  return inputs == 256 ? 3 : 4;
}

constexpr int shared_bytes(int inputs) {
  return weight_bytes(inputs) + slots_for(inputs) * slot_bytes;
}

constexpr int blocks_for(int inputs) {
  return inputs <= 256 ? 2 : 1;
}

__device__ void load_weights(const Upsampling& u, int first_column, unsigned char* shared) {
  constexpr int pieces = Upsampling::tile_columns / 8;
  for (int i = static_cast<int>(threadIdx.x); i < u.inputs * pieces; i += threads) {
    const int input = i / pieces;
    const int group = i % pieces / 4;
    const int q = i % 4;
    const uint4 words = weights_of_thread(u, input, first_column + 32 * group, q);
    unsigned char* to = shared + input / 8 * weight_strides.along_k_bytes +
                        4 * group * weight_strides.along_mn_bytes +
                        input % 8 * wgmma::core_row_bytes + q * 4;
    const std::uint32_t of_product[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
    for (int t = 0; t < 4; ++t)
      *reinterpret_cast<std::uint32_t*>(to + t * weight_strides.along_mn_bytes) = of_product[t];
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
        chunks(u.inputs / Upsampling::chunk) {}
  __device__ int count() const { return tiles * chunks; }
  __device__ int first_pixel(int tile) const {
    return (first_tile + tile * tile_stride) * Upsampling::tile_rows;
  }
};

__device__ void load_pixels(const Upsampling& u, const Steps& steps, int step, std::uint32_t slot) {
  constexpr int pieces = Upsampling::chunk / 8;
  const int first_pixel = steps.first_pixel(step / steps.chunks);
  const int first_input = step % steps.chunks * Upsampling::chunk;
#pragma unroll
  for (int i = static_cast<int>(threadIdx.x); i < Upsampling::tile_rows * pieces; i += threads) {
    const int row = i / pieces;
    const int piece = i % pieces;
    const bool inside = first_pixel + row < u.pixels;
    const std::int64_t pixel = inside ? first_pixel + row : 0;
    copy_async(slot + wgmma::swizzled(static_cast<std::uint32_t>(row * pixel_bytes + piece * 16),
                                      wgmma::Swizzle::bytes_128),
               u.x + pixel * u.x_stride + first_input + 8 * piece,
               inside);
  }
}

// Adds the bias and writes; `first_pixel` and `first_column` of the warpgroup's sums.
__device__ void store(const Upsampling& u,
                      const float (&sums)[sum_count],
                      int first_pixel,
                      int first_column) {
  const int thread = static_cast<int>(threadIdx.x) % warpgroup_threads;
  const int pixel = first_pixel + thread / 32 * 16 + thread % 32 / 4;
#pragma unroll
  for (int group = 0; group < Upsampling::tile_columns / 32; ++group) {
    const int column = first_column + 32 * group + thread % 4 * 8;
    const Vector8 bias = load8(u.bias + column % u.outputs);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      std::uint32_t words[4];
#pragma unroll
      for (int t = 0; t < 4; ++t) {
        const int i = 4 * (4 * group + t) + 2 * half;
        words[t] = biased_pair(sums[i], sums[i + 1], bias, t);
      }
      if (pixel + 8 * half < u.pixels)
        *reinterpret_cast<uint4*>(place_in_output(u, pixel + 8 * half, column)) =
            make_uint4(words[0], words[1], words[2], words[3]);
    }
  }
}

// Blocks (any, columns of the weights / 128).
template <int Slots, int Blocks>
__global__ void __launch_bounds__(threads, Blocks) hopper_upsampling_kernel(Upsampling u) {
  extern __shared__ __align__(1024) unsigned char memory[];
  const int warpgroup = static_cast<int>(threadIdx.x) / warpgroup_threads;
  const int first_column = static_cast<int>(blockIdx.y) * Upsampling::tile_columns;
  const auto weights = static_cast<std::uint32_t>(__cvta_generic_to_shared(memory));
  const std::uint32_t ring = weights + static_cast<std::uint32_t>(weight_bytes(u.inputs));
  const Steps steps(u);
  const auto slot = [&](int step) {
    return ring + static_cast<std::uint32_t>(step % Slots * slot_bytes);
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
  load_weights(u, first_column, memory);

  const std::uint64_t weight_matrix = wgmma::descriptor(weights, weight_strides);
  float sums[sum_count];
  for (int tile = 0, step = 0; tile < steps.tiles; ++tile) {
    wgmma::begin(sums);
#pragma unroll 1
    for (int c = 0; c < steps.chunks; ++c, ++step) {
      wait_for_copies<ahead - 1>();
      wgmma::fence_shared_writes();
      __syncthreads();
      load(step + ahead);
      const std::uint64_t pixels = wgmma::descriptor(
          slot(step) + static_cast<std::uint32_t>(warpgroup * wgmma::rows * pixel_bytes),
          pixel_strides,
          wgmma::Swizzle::bytes_128);
      constexpr int k_steps = Upsampling::chunk / wgmma::depth;
#pragma unroll
      for (int k = 0; k < k_steps; ++k) {
        constexpr int pixel_step = 2 * wgmma::depth / 16;
        constexpr int weight_step = 2 * weight_strides.along_k_bytes / 16;
        wgmma::multiply<wgmma::Contiguous::k, wgmma::Contiguous::row>(
            sums,
            pixels + static_cast<std::uint64_t>(k * pixel_step),
            weight_matrix + static_cast<std::uint64_t>((c * k_steps + k) * weight_step),
            c + k > 0);
      }
      wgmma::commit();
      wgmma::wait<1>();  // those of the step before have read their slot
    }
    wgmma::wait<0>();
    wgmma::hold(sums);
    store(u, sums, steps.first_pixel(tile) + warpgroup * wgmma::rows, first_column);
  }
}

}  // namespace

void hopper_upsampling(const Upsampling& u, int multiprocessor_count, cudaStream_t stream) {
  const int bytes = shared_bytes(u.inputs);
  const auto kernel = u.inputs == 256   ? hopper_upsampling_kernel<3, 2>
                      : u.inputs <= 256 ? hopper_upsampling_kernel<4, 2>
                                        : hopper_upsampling_kernel<4, 1>;
  LIMPID_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  kernel<<<upsampling_grid(u, multiprocessor_count * blocks_for(u.inputs)),
           threads,
           static_cast<std::size_t>(bytes),
           stream>>>(u);
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
