#include "core/backend/cuda/hopper/row_map.h"

#include "core/backend/cuda/check.h"
#include "core/backend/cuda/hopper/row_convolution_layout.h"

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
CUtensorMap encode(const Tensor& input,
                   const std::array<Dimension, rank>& dimensions,
                   CUtensorMapSwizzle swizzle) {
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
  // A pixel of a slice may take half of a line of the cache; the other half would come in vain.
  const bool fills_lines =
      input.pixel_stride() == input.shape().channels || input.shape().channels % 64 == 0;
  CUtensorMap map{};
  const CUresult code =
      function(&map,
               CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
               static_cast<cuuint32_t>(rank),
               input.data(),
               sizes.data(),
               steps.data(),
               box.data(),
               ones.data(),
               CU_TENSOR_MAP_INTERLEAVE_NONE,
               swizzle,
               fills_lines ? CU_TENSOR_MAP_L2_PROMOTION_L2_128B : CU_TENSOR_MAP_L2_PROMOTION_L2_64B,
               CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (code != CUDA_SUCCESS)
    fail(ErrorKind::device,
         "cuTensorMapEncodeTiled fails with code {} for {} x {} x {} x {} values",
         static_cast<int>(code),
         input.shape().batch,
         input.shape().height,
         input.shape().width,
         input.shape().channels);
  return map;
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
  const auto channels = static_cast<int>(input.shape().channels);
  if (channels <= 64)
    return box_map(input, channels, RowLayout<32, 32>::row_pixels, 1);
  const Places p = places(input, RowLayout<32, 32>::row_pixels, 1);
  const auto groups = static_cast<cuuint32_t>(channels / 8);
  return encode<5>(input,
                   {Dimension{8, 2, 8}, p.x, {groups, 16, groups}, p.y, p.image},
                   CU_TENSOR_MAP_SWIZZLE_NONE);
}

CUtensorMap box_map(const Tensor& tensor, int channels, int pixels, int rows) {
  const Places p = places(tensor, pixels, rows);
  return encode<4>(
      tensor, {channel_dimension(tensor, channels), p.x, p.y, p.image}, swizzle_of(channels));
}

CUtensorMap stacked_box_map(const Tensor& tensor, int channels, int pixels, int rows) {
  Places p = places(tensor, pixels, rows);
  p.y.size *= p.image.size;
  p.image.size = 1;
  return encode<4>(
      tensor, {channel_dimension(tensor, channels), p.x, p.y, p.image}, swizzle_of(channels));
}

CUtensorMap quad_map(const Tensor& tensor, int channels, int pixels, int rows) {
  const Places p = places(tensor, pixels, rows);
  return encode<5>(tensor,
                   {channel_dimension(tensor, channels),
                    Dimension{p.x.size / 2, 2 * p.x.step_bytes, p.x.box},
                    {2, p.x.step_bytes, 2},
                    {2, p.y.step_bytes, 2},
                    {p.image.size * p.y.size / 2, 2 * p.y.step_bytes, p.y.box}},
                   swizzle_of(channels));
}

}  // namespace limpid::cuda
