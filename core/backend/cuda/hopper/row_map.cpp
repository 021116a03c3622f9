#include "core/backend/cuda/hopper/row_map.h"

#include "core/backend/cuda/check.h"
#include "core/backend/cuda/hopper/rows/row_convolution_layout.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace limpid::cuda {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

// The driver's function, found through the runtime: nothing links the driver.
Encode find_encode() {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result{};
  constexpr auto name = "cuTensorMapEncodeTiled";
#if CUDART_VERSION >= 12050
  LIMPID_CUDA(cudaGetDriverEntryPointByVersion(name, &found, 12000, cudaEnableDefault, &result));
#else
  LIMPID_CUDA(cudaGetDriverEntryPoint(name, &found, cudaEnableDefault, &result));
#endif
  if (found == nullptr || result != cudaDriverEntryPointSuccess)
    fail(ErrorKind::device,
         "the NVIDIA driver has no {}, which came with CUDA 12.0; a newer driver has it",
         name);
  return reinterpret_cast<Encode>(found);
}

struct Dimension {
  cuuint64_t size;
  cuuint64_t step_bytes;
  cuuint32_t box;  // how many of them a copy takes
};

template <std::size_t rank>
CUtensorMap encode(void* data,
                   const std::array<Dimension, rank>& dimensions,
                   CUtensorMapSwizzle swizzle,
                   CUtensorMapL2promotion promotion) {
  static const Encode function = find_encode();
  std::array<cuuint64_t, rank> sizes{};
  std::array<cuuint64_t, rank - 1> steps{};  // the first is always that of an element
  std::array<cuuint32_t, rank> box{};
  std::array<cuuint32_t, rank> ones{};
  for (std::size_t i = 0; i < rank; ++i) {
    sizes[i] = dimensions[i].size;
    if (i > 0)
      steps[i - 1] = dimensions[i].step_bytes;
    box[i] = dimensions[i].box;
    ones[i] = 1;
  }
  CUtensorMap map{};
  const CUresult code = function(&map,
                                 CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                                 static_cast<cuuint32_t>(rank),
                                 data,
                                 sizes.data(),
                                 steps.data(),
                                 box.data(),
                                 ones.data(),
                                 CU_TENSOR_MAP_INTERLEAVE_NONE,
                                 swizzle,
                                 promotion,
                                 CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (code != CUDA_SUCCESS)
    fail(ErrorKind::device,
         "cuTensorMapEncodeTiled fails with code {} for {} values",
         static_cast<int>(code),
         fmt::join(sizes, " x "));
  return map;
}

template <std::size_t rank>
CUtensorMap encode(const Tensor& input,
                   const std::array<Dimension, rank>& dimensions,
                   CUtensorMapSwizzle swizzle) {
  // A pixel of a slice may take half of a line of the cache; the other half would come in vain.
  const bool fills_lines =
      input.pixel_stride() == input.shape().channels || input.shape().channels % 64 == 0;
  return encode<rank>(
      input.data(),
      dimensions,
      swizzle,
      fills_lines ? CU_TENSOR_MAP_L2_PROMOTION_L2_128B : CU_TENSOR_MAP_L2_PROMOTION_L2_64B);
}

// Of a tensor: columns, rows and images.
struct Places {
  Dimension x;
  Dimension y;
  Dimension image;
};

Places places(const Tensor& tensor, int pixels, int rows) {
  const Shape& s = tensor.shape();
  const auto pixel_bytes = static_cast<cuuint64_t>(2 * tensor.pixel_stride());
  const auto line_bytes = pixel_bytes * static_cast<cuuint64_t>(s.width);
  const auto image_bytes = line_bytes * static_cast<cuuint64_t>(s.height);
  return {{static_cast<cuuint64_t>(s.width), pixel_bytes, static_cast<cuuint32_t>(pixels)},
          {static_cast<cuuint64_t>(s.height), line_bytes, static_cast<cuuint32_t>(rows)},
          {static_cast<cuuint64_t>(s.batch), image_bytes, 1}};
}

Dimension channel_dimension(const Tensor& tensor, int box) {
  return {static_cast<cuuint64_t>(tensor.shape().channels), 2, static_cast<cuuint32_t>(box)};
}

CUtensorMapSwizzle swizzle_of(int channels) {
  return channels == 64 ? CU_TENSOR_MAP_SWIZZLE_128B : CU_TENSOR_MAP_SWIZZLE_64B;
}

}  // namespace

CUtensorMap row_map(const Tensor& input) {
  const auto channels = static_cast<int>(std::min<std::int64_t>(input.shape().channels, 64));
  return box_map(input, channels, RowLayout<32, 32>::row_pixels, 1);
}

CUtensorMap box_map(const Tensor& tensor, int channels, int pixels, int rows) {
  const Places p = places(tensor, pixels, rows);
  return encode<4>(
      tensor, {channel_dimension(tensor, channels), p.x, p.y, p.image}, swizzle_of(channels));
}

CUtensorMap weight_map(const void* weight,
                       const ConvolutionWeights& size,
                       int channels,
                       int outputs) {
  const auto inputs = static_cast<cuuint64_t>(size.inputs);
  const auto taps = static_cast<cuuint64_t>(size.taps);
  return encode<3>(const_cast<void*>(weight),
                   {Dimension{inputs, 2, static_cast<cuuint32_t>(channels)},
                    {taps, 2 * inputs, 1},
                    {static_cast<cuuint64_t>(size.outputs),
                     2 * inputs * taps,
                     static_cast<cuuint32_t>(outputs)}},
                   swizzle_of(channels),
                   CU_TENSOR_MAP_L2_PROMOTION_L2_128B);
}

CUtensorMap stacked_box_map(const Tensor& tensor, int channels, int pixels, int rows) {
  Places p = places(tensor, pixels, rows);
  p.y.size *= p.image.size;
  p.image.size = 1;
  return encode<4>(
      tensor, {channel_dimension(tensor, channels), p.x, p.y, p.image}, swizzle_of(channels));
}

CUtensorMap quad_map(const Tensor& tensor, int channels, int pixels, int rows, int side) {
  const auto taps = static_cast<cuuint32_t>(side);
  const Places p = places(tensor, pixels, rows);
  return encode<5>(tensor,
                   {channel_dimension(tensor, channels),
                    Dimension{p.x.size / 2, 2 * p.x.step_bytes, p.x.box},
                    {2, p.x.step_bytes, taps},
                    {2, p.y.step_bytes, taps},
                    {p.image.size * p.y.size / 2, 2 * p.y.step_bytes, p.y.box}},
                   swizzle_of(channels));
}

}  // namespace limpid::cuda
