#pragma once

#include "core/backend/cuda/device_vector.cuh"

#include <cstdint>

// What both kernels of narrow_matrix.h share: blocks of 8 warps go over tiles of 64 x 8 pixels, a
// warp for each row, with the narrow side of a tile and its halo in shared memory.
namespace limpid::cuda {

inline constexpr int matrix_threads = 256;
inline constexpr int matrix_tile_width = 64;
inline constexpr int matrix_tile_height = matrix_threads / 32;
inline constexpr int matrix_taps = 9;

// Channels: 1 or 4. A row has room to spare, so that the rows of a 3x3 window lie in other banks.
template <int Channels>
struct MatrixTile {
  static constexpr int row_words = (matrix_tile_width + 10) * Channels;
  static constexpr int words = (matrix_tile_height + 2) * row_words;

  // From the first word of a window to its element tap * Channels + channel.
  __device__ static int offset(int element) {
    const int tap = element / Channels;
    return tap / 3 * row_words + tap % 3 * Channels + element % Channels;
  }
};

template <class N>
struct NarrowImages {
  const N* data;
  std::int64_t stride;  // from pixel to pixel
  int height;
  int width;
  int tiles_x;
  int tiles_y;
  int tiles;  // of all images
};

struct TilePlace {
  int image, y, x;  // of its first pixel
};

template <class N>
__device__ TilePlace place_of_tile(const NarrowImages<N>& images, int tile) {
  return {tile / (images.tiles_x * images.tiles_y),
          tile / images.tiles_x % images.tiles_y * matrix_tile_height,
          tile % images.tiles_x * matrix_tile_width};
}

// A value as the sum of two bfloat16: the nearest in the lower half of the word, what it lacks in
// the upper half.
__device__ inline std::uint32_t split(float x) {
  const __nv_bfloat16 nearest = __float2bfloat16_rn(x);
  const __nv_bfloat16 rest = __float2bfloat16_rn(x - __bfloat162float(nearest));
  return static_cast<std::uint32_t>(__bfloat16_as_ushort(nearest)) |
         static_cast<std::uint32_t>(__bfloat16_as_ushort(rest)) << 16;
}

__device__ inline std::uint32_t split(__nv_bfloat16 x) {
  return __bfloat16_as_ushort(x);
}

// The lower halves of two words, or the upper ones.
__device__ inline std::uint32_t lower_halves(std::uint32_t first, std::uint32_t second) {
  return __byte_perm(first, second, 0x5410);
}
__device__ inline std::uint32_t upper_halves(std::uint32_t first, std::uint32_t second) {
  return __byte_perm(first, second, 0x7632);
}

__device__ inline void load_split(const float* pixel, std::uint32_t (&words)[1]) {
  words[0] = split(*pixel);
}
__device__ inline void load_split(const __nv_bfloat16* pixel, std::uint32_t (&words)[1]) {
  words[0] = split(*pixel);
}
__device__ inline void load_split(const float* pixel, std::uint32_t (&words)[4]) {
  const float4 v = *reinterpret_cast<const float4*>(pixel);
  words[0] = split(v.x);
  words[1] = split(v.y);
  words[2] = split(v.z);
  words[3] = split(v.w);
}
__device__ inline void load_split(const __nv_bfloat16* pixel, std::uint32_t (&words)[4]) {
  const uint2 v = *reinterpret_cast<const uint2*>(pixel);
  words[0] = v.x & 0xffffu;
  words[1] = v.x >> 16;
  words[2] = v.y & 0xffffu;
  words[3] = v.y >> 16;
}

// By all threads; zero outside the image.
template <int Channels, class N>
__device__ void load_tile(std::uint32_t* shared,
                          const NarrowImages<N>& images,
                          const TilePlace& place) {
  constexpr int width = matrix_tile_width + 2;
  constexpr int pixels = width * (matrix_tile_height + 2);
  const std::int64_t first_row = static_cast<std::int64_t>(place.image) * images.height;
#pragma unroll
  for (int i = static_cast<int>(threadIdx.x); i < pixels; i += matrix_threads) {
    const int y = place.y + i / width - 1;
    const int x = place.x + i % width - 1;
    std::uint32_t words[Channels] = {};
    if (y >= 0 && y < images.height && x >= 0 && x < images.width)
      load_split(images.data + ((first_row + y) * images.width + x) * images.stride, words);
    std::uint32_t* to = shared + i / width * MatrixTile<Channels>::row_words + i % width * Channels;
    if constexpr (Channels == 4)
      *reinterpret_cast<uint4*>(to) = make_uint4(words[0], words[1], words[2], words[3]);
    else
      *to = words[0];
  }
}

template <class N>
NarrowImages<N> narrow_images(const Tensor& narrow) {
  const Shape& shape = narrow.shape();
  const std::int64_t tiles_x = (shape.width + matrix_tile_width - 1) / matrix_tile_width;
  const std::int64_t tiles_y = (shape.height + matrix_tile_height - 1) / matrix_tile_height;
  return {.data = elements<N>(narrow),
          .stride = narrow.pixel_stride(),
          .height = static_cast<int>(shape.height),
          .width = static_cast<int>(shape.width),
          .tiles_x = static_cast<int>(tiles_x),
          .tiles_y = static_cast<int>(tiles_y),
          .tiles = static_cast<int>(shape.batch * tiles_y * tiles_x)};
}

// Calls f with the element type of `narrow` and its number of channels.
template <class F>
void with_narrow(const Tensor& narrow, F&& f) {
  with_element_type(narrow.type(), [&]<class N>(N*) {
    if (narrow.shape().channels == 1)
      f.template operator()<N, 1>();
    else
      f.template operator()<N, 4>();
  });
}

}  // namespace limpid::cuda
