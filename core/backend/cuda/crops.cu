#include "core/backend/crop_pixel.h"
#include "core/backend/cuda/check.h"
#include "core/backend/cuda/kernels.h"

#include <algorithm>

namespace limpid::cuda {
namespace {

constexpr int tile_px = 32;
constexpr int tile_rows = 8;  // of threads
// The descriptions travel as arguments of the kernel, which may take 4 KB: nothing has to be copied
// to the device, or kept, for a batch.
constexpr int crops_per_launch = 32;

struct CropGroup {
  CropPixels crops[crops_per_launch];
};

// The images, by their own rows and columns; the batch, dense (crop, row, column). A block of 32 x
// 8 threads makes 32 x 32 pixels of crop blockIdx.z. Neighbouring threads write neighbouring
// columns of the crop. They also read neighbouring pixels of the image: those of a transposed crop
// lie in one column of it, so they read it the other way round and exchange through shared memory.
__global__ void crop_kernel(CropGroup group,
                            std::uint64_t seed,
                            std::int64_t size,
                            float* batch_input,
                            float* batch_target,
                            float* loss_weight) {
  __shared__ float inputs[tile_px][tile_px + 1];
  __shared__ float targets[tile_px][tile_px + 1];
  const CropPixels& crop = group.crops[blockIdx.z];
  const bool is_transposed = crop.walk.step != 1 && crop.walk.step != -1;
  const std::int64_t top = static_cast<std::int64_t>(blockIdx.y) * tile_px;
  const std::int64_t left = static_cast<std::int64_t>(blockIdx.x) * tile_px;
  for (int i = threadIdx.y; i < tile_px; i += tile_rows) {
    const int tile_row = is_transposed ? threadIdx.x : i;
    const int tile_column = is_transposed ? i : threadIdx.x;
    if (top + tile_row >= size || left + tile_column >= size)
      continue;
    const std::int64_t from = crop.place(top + tile_row, left + tile_column);
    const float value = crop.input[from];
    inputs[tile_row][tile_column] = value;
    targets[tile_row][tile_column] = crop.target == crop.input ? value : crop.target[from];
  }
  __syncthreads();
  for (int i = threadIdx.y; i < tile_px; i += tile_rows) {
    const std::int64_t row = top + i;
    const std::int64_t column = left + threadIdx.x;
    if (row >= size || column >= size)
      continue;
    const std::int64_t pixel = row * size + column;
    const CropPixel made =
        crop.finish(inputs[i][threadIdx.x], targets[i][threadIdx.x], seed, pixel);
    const std::int64_t to = static_cast<std::int64_t>(blockIdx.z) * size * size + pixel;
    batch_input[to] = made.input;
    batch_target[to] = made.target;
  }
  if (blockIdx.x == 0 && blockIdx.y == 0 && threadIdx.x == 0 && threadIdx.y == 0)
    loss_weight[blockIdx.z] = crop.loss_weight;
}

}  // namespace

void make_crops(std::span<const Crop> crops,
                std::int64_t size_px,
                std::uint64_t seed,
                const Tensor& input,
                const Tensor& target,
                const Tensor& loss_weight,
                cudaStream_t stream) {
  const auto tiles = static_cast<unsigned>((size_px + tile_px - 1) / tile_px);
  for (std::size_t first = 0; first < crops.size(); first += crops_per_launch) {
    const std::size_t count = std::min<std::size_t>(crops_per_launch, crops.size() - first);
    CropGroup group;
    for (std::size_t i = 0; i < count; ++i)
      group.crops[i] = CropPixels(crops[first + i], size_px);
    const auto pixels = static_cast<std::int64_t>(first) * size_px * size_px;
    crop_kernel<<<dim3(tiles, tiles, static_cast<unsigned>(count)),
                  dim3(tile_px, tile_rows),
                  0,
                  stream>>>(group,
                            seed,
                            size_px,
                            input.data_as<float>() + pixels,
                            target.data_as<float>() + pixels,
                            loss_weight.data_as<float>() + first);
    LIMPID_CUDA_LAUNCH();
  }
}

}  // namespace limpid::cuda
