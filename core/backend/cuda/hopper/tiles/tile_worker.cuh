#pragma once

#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/hopper/row_copy.cuh"
#include "core/backend/cuda/hopper/wgmma.cuh"

#include <cuda_bf16.h>

#include <cstdint>

// What a block of the weight gradients on Hopper's tensor cores does (tile_gradient.cu,
// upsampling_tile_gradient.cu). A Tile (tile_gradient_layout.h) says where its operands lie. One
// warp loads tiles, warpgroups multiply them and keep all sums in registers for as long as the
// block lives, and three warps sum the gradients of the bias.
namespace limpid::cuda {

// The block's tiles go around a ring of stages: one warp loads them, the others read.
template <class Tile>
struct TileRing {
  std::uint32_t shared;
  int stage = 0;
  unsigned round = 0;  // its last bit

  __device__ std::uint32_t tile() const { return shared + stage * Tile::Block::stage_bytes; }
  __device__ std::uint32_t full() const {
    return shared + Tile::Block::barriers_start + 16 * stage;
  }
  __device__ std::uint32_t read() const { return full() + 8; }
  __device__ void advance() {
    if (++stage == Tile::Block::stages) {
      stage = 0;
      round ^= 1u;
    }
  }
};

// The block's share of the work: every `step`-th tile, so that all blocks together walk through
// the images.
struct TileWalk {
  int first;
  int step;
  int end;
};

template <class Tile>
__device__ void multiply_row(float (&sums)[Tile::Block::accumulators],
                             const typename Tile::Operands& operands,
                             int row) {
#pragma unroll
  for (int pixel = 0; pixel < Tile::width; pixel += wgmma::depth)
    wgmma::multiply<wgmma::Contiguous::row, wgmma::Contiguous::row>(
        sums, operands.a + Tile::a_step(row, pixel), operands.b + Tile::b_step(row, pixel));
}

// By a warpgroup. Products of a tile's first row are under way when those of the tile before are
// waited for, so that the tensor cores never are.
template <class Tile>
__device__ void multiply_tiles(const TileWalk& walk,
                               int warpgroup,
                               TileRing<Tile> ring,
                               float* partial) {
  float sums[Tile::Block::accumulators];
#pragma unroll
  for (float& sum : sums)
    sum = 0.0f;
  wgmma::begin(sums);
  std::uint32_t before = 0;  // the barrier that says that the tile before is read
#pragma unroll 1
  for (int i = walk.first; i < walk.end; i += walk.step, ring.advance()) {
    wait_for_row(ring.full(), ring.round);
    const typename Tile::Operands operands = Tile::operands(ring.tile(), warpgroup);
    wgmma::begin_more();
    multiply_row<Tile>(sums, operands, 0);
    wgmma::commit();
    wgmma::wait<1>();
    if (before != 0 && threadIdx.x % 32 == 0)
      arrive(before);
    before = ring.read();
#pragma unroll
    for (int row = 1; row < Tile::rows; ++row)
      multiply_row<Tile>(sums, operands, row);
    wgmma::commit();
  }
  wgmma::wait<0>();
  wgmma::hold(sums);
  partial += warpgroup * Tile::Block::accumulators * 128 + threadIdx.x % 128;
#pragma unroll
  for (int i = 0; i < Tile::Block::accumulators; ++i)
    partial[128 * i] = sums[i];
}

// What one of the bias_warps sums, of every so many pixels of a tile: eight channels a thread.
template <class Tile>
__device__ Vector8 sum_bias(const TileWalk& walk,
                            int pixels,  // of a tile; 0: another slice sums the bias
                            int bias_warp,
                            const unsigned char* memory,
                            TileRing<Tile> ring) {
  constexpr int pixels_at_once = 32 / Tile::bias_groups;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int group = lane % Tile::bias_groups;
  Vector8 sums{};
  for (int i = walk.first; i < walk.end; i += walk.step, ring.advance()) {
    wait_for_row(ring.full(), ring.round);
#pragma unroll 4
    for (int pixel = bias_warp * pixels_at_once + lane / Tile::bias_groups; pixel < pixels;
         pixel += Tile::Block::bias_warps * pixels_at_once) {
      const std::uint32_t at =
          wgmma::swizzled(ring.tile() + Tile::bias_offset(pixel, group), Tile::gradient_swizzle) -
          ring.shared;
      const Vector8 g = load8(reinterpret_cast<const __nv_bfloat16*>(memory + at));
#pragma unroll
      for (int c = 0; c < vector_channels; ++c)
        sums.v[c] += g.v[c];
    }
    __syncwarp();
    if (lane == 0)
      arrive(ring.read());
  }
#pragma unroll
  for (int distance = Tile::bias_groups; distance < 32; distance *= 2)
#pragma unroll
    for (float& sum : sums.v)
      sum += __shfl_xor_sync(0xffffffffu, sum, distance);
  return sums;
}

// By the bias_warps together.
template <class Tile>
__device__ void store_bias(int bias_warp, unsigned char* memory, const Vector8& sums, float* to) {
  auto* exchange = reinterpret_cast<float*>(memory + Tile::Block::bias_start);
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (lane < Tile::bias_groups)
    store8(exchange + bias_warp * Tile::output_channels + 8 * lane, sums);
  asm volatile("bar.sync 1, %0;" ::"n"(32 * Tile::Block::bias_warps) : "memory");
  for (int channel = 32 * bias_warp + lane; channel < Tile::output_channels;
       channel += 32 * Tile::Block::bias_warps) {
    float sum = 0.0f;
#pragma unroll
    for (int warp = 0; warp < Tile::Block::bias_warps; ++warp)
      sum += exchange[warp * Tile::output_channels + channel];
    to[channel] = sum;
  }
}

// By all threads of the block. `load(tile, to, barrier)` starts the copies of one tile, by one
// thread.
template <class Tile, class Load>
__device__ void run_tile_block(
    unsigned char* memory, const TileWalk& walk, bool sums_bias, float* partial, const Load& load) {
  TileRing<Tile> ring{static_cast<std::uint32_t>(__cvta_generic_to_shared(memory))};
  if (threadIdx.x == 0)
    for (TileRing<Tile> each = ring; each.round == 0; each.advance()) {
      init_row_barrier(each.full());
      init_row_barrier(each.read(), Tile::Block::readers);
    }
  wgmma::fence_shared_writes();
  __syncthreads();

  // The shuffle tells the compiler that all threads of a warp agree.
  const int warp = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / 32, 0);
  if (warp < Tile::Block::multiplying_warps)
    multiply_tiles<Tile>(walk, warp / 4, ring, partial);
  else if (warp > Tile::Block::multiplying_warps) {
    const int bias_warp = warp - Tile::Block::multiplying_warps - 1;
    const int pixels = sums_bias ? Tile::bias_pixels : 0;
    store_bias<Tile>(bias_warp,
                     memory,
                     sum_bias<Tile>(walk, pixels, bias_warp, memory, ring),
                     partial + Tile::Block::weight_sums);
  } else if (threadIdx.x % 32 == 0)
    for (int i = walk.first; i < walk.end; i += walk.step, ring.advance()) {
      wait_for_row(ring.read(), ring.round ^ 1u);
      load(i, ring.tile(), ring.full());
    }
}

}  // namespace limpid::cuda
