#include "core/backend/backend.h"
#include "core/base/reflection.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"

#include <algorithm>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

struct WindowCase {
  std::int64_t image_width, image_height;
  ImagePoint corner;
  std::int64_t width, height;  // of the window
};

const WindowCase window_cases[] = {
    {37, 21, {0, 0}, 37, 21},   // the image itself
    {37, 21, {0, 0}, 40, 24},   // continued on both sides
    {37, 21, {8, 4}, 16, 12},   // inside
    {37, 21, {16, 8}, 24, 16},  // across both edges
    {37, 21, {0, 8}, 40, 8},    // across one
    {3, 2, {0, 0}, 16, 16},     // reflected more than once
    {1, 5, {0, 0}, 8, 8},       // a single column
};

// `leaves_memory`: for more than the window itself.
void check_windows(Backend& backend, bool leaves_memory) {
  for (const auto& [image_width, image_height, corner, width, height] : window_cases) {
    INFO(image_width << " x " << image_height << " from (" << corner.x << ", " << corner.y << ")");
    std::vector<float> pixels = random_values(image_width * image_height, 3);
    const HostImage image{pixels.data(), image_width, image_height};
    const Tensor window = backend.allocate_tensor({1, height, width, 1}, DataType::float32);
    if (!leaves_memory)
      backend.limit_memory(backend.taken_memory_bytes());
    backend.upload_window(image, corner, window);
    const std::vector<float> found = values_of(backend, window);
    std::vector<float> expected;
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x)
        expected.push_back(image.row(reflected_index(
            corner.y + y, image_height))[reflected_index(corner.x + x, image_width)]);
    CHECK(found == expected);

    // Back into another image: the part that lies in it, without its first row and column.
    const ImagePart part{corner.x + (image_width > 1 ? 1 : 0),
                         corner.y + 1,
                         std::min(width, image_width - corner.x) - (image_width > 1 ? 1 : 0),
                         std::min(height, image_height - corner.y) - 1};
    std::vector<float> other(pixels.size(), -7.0f);
    const HostImage result{other.data(), image_width, image_height};
    backend.download_window(window, corner, part, result);
    backend.synchronize();
    bool right = true;
    for (std::int64_t y = 0; y < image_height; ++y)
      for (std::int64_t x = 0; x < image_width; ++x) {
        const bool is_inside =
            x >= part.x && x < part.x + part.width && y >= part.y && y < part.y + part.height;
        right = right && result.row(y)[x] == (is_inside ? image.row(y)[x] : -7.0f);
      }
    CHECK(right);
    backend.limit_memory(0);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("backend: a window of an image is copied in, continued by reflection, and out",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  if (auto backend = make_test_backend<TestType>())
    check_windows(*backend, true);
}

TEMPLATE_TEST_CASE("backend: windows are copied where the GPU has memory for nothing else",
                   "",
                   CudaFloat32) {
  if (auto backend = make_test_backend<TestType>())
    check_windows(*backend, false);
}
