#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"
#include "core/base/reflection.h"

namespace limpid::cuda {
namespace {

constexpr int block_size = 256;

struct Frame {
  std::int64_t width, height;            // of the window
  std::int64_t left_width, left_height;  // of its part inside the image, from its first pixel on
  std::int64_t x, y;                     // of its first pixel in the image
  std::int64_t image_width, image_height;
};

// One thread a pixel outside the image: first those to the right of it, row by row, then those
// below. Only pixels inside are read, so the order does not matter.
__global__ void reflect_kernel(float* pixels, Frame frame, std::int64_t count) {
  const std::int64_t right_width = frame.width - frame.left_width;
  const std::int64_t right_count = right_width * frame.height;
  LIMPID_GRID_STRIDE(i, count) {
    const bool is_right = i < right_count;
    const std::int64_t rest = i - right_count;
    const std::int64_t x = is_right ? frame.left_width + i % right_width : rest % frame.left_width;
    const std::int64_t y = is_right ? i / right_width : frame.left_height + rest / frame.left_width;
    const std::int64_t from_x = reflected_index(frame.x + x, frame.image_width) - frame.x;
    const std::int64_t from_y = reflected_index(frame.y + y, frame.image_height) - frame.y;
    pixels[y * frame.width + x] = pixels[from_y * frame.width + from_x];
  }
}

}  // namespace

void fill_by_reflection(const Tensor& window,
                        const ImagePoint& corner,
                        std::int64_t image_width,
                        std::int64_t image_height,
                        cudaStream_t stream) {
  const Shape& shape = window.shape();
  const Frame frame{.width = shape.width,
                    .height = shape.height,
                    .left_width = std::min(shape.width, image_width - corner.x),
                    .left_height = std::min(shape.height, image_height - corner.y),
                    .x = corner.x,
                    .y = corner.y,
                    .image_width = image_width,
                    .image_height = image_height};
  const std::int64_t count = shape.pixel_count() - frame.left_width * frame.left_height;
  if (count == 0)
    return;
  require((corner.x == 0 || shape.width < 2 * frame.left_width) &&
              (corner.y == 0 || shape.height < 2 * frame.left_height),
          "a window of {} x {} pixels of which {} x {} are in the image, from ({}, {}) on",
          shape.width,
          shape.height,
          frame.left_width,
          frame.left_height,
          corner.x,
          corner.y);
  reflect_kernel<<<grid_size(count, block_size), block_size, 0, stream>>>(
      elements<float>(window), frame, count);
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
