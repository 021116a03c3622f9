#include "core/backend/backend.h"
#include "core/noise/poisson_gaussian.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"

#include <cstring>
#include <limits>

using namespace limpid;
using namespace limpid::test;

namespace {

// An image in a backend's memory, and its values.
struct UploadedImage {
  Tensor tensor;
  std::vector<float> values;
  std::int64_t width = 0;
};

UploadedImage upload_image(Backend& backend,
                           std::int64_t width,
                           std::int64_t height,
                           std::uint64_t seed) {
  const Shape shape{1, height, width, 1};
  UploadedImage image{backend.allocate_tensor(shape, DataType::float32),
                      random_values(shape.element_count(), seed),
                      width};
  for (float& value : image.values)
    value = value * value + 0.1f;
  backend.make_uploader()->upload(image.values, image.tensor);
  return image;
}

float turned(const UploadedImage& image,
             const Crop& crop,
             std::int64_t size,
             std::int64_t row,
             std::int64_t column) {
  std::int64_t u = (crop.orientation & 1) != 0 ? size - 1 - column : column;
  std::int64_t v = (crop.orientation & 2) != 0 ? size - 1 - row : row;
  if ((crop.orientation & 4) != 0)
    std::swap(u, v);
  return image.values[static_cast<std::size_t>((crop.y + v) * image.width + crop.x + u)];
}

struct Made {
  std::vector<float> input, target, loss_weight;
};

// Into outputs that hold NaN.
Made make(Backend& backend, const std::vector<Crop>& crops, std::int64_t size, std::uint64_t seed) {
  const CropsDesc desc{.batch_size = static_cast<std::int64_t>(crops.size()), .size_px = size};
  const Tensor input = backend.allocate_tensor(desc.images(), DataType::float32);
  const Tensor target = backend.allocate_tensor(desc.images(), DataType::float32);
  const Tensor weight = backend.allocate_tensor({1, 1, 1, desc.batch_size}, DataType::float32);
  for (const Tensor& tensor : {input, target, weight}) {
    const std::vector<float> poison(static_cast<std::size_t>(tensor.shape().element_count()),
                                    std::numeric_limits<float>::quiet_NaN());
    backend.upload(poison, tensor);
    backend.synchronize();
  }
  backend.make_crops(desc)->make(crops, seed, input, target, weight);
  return {values_of(backend, input), values_of(backend, target), values_of(backend, weight)};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("ops: crops have the same bits on every backend, in all orientations",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const UploadedImage wide = upload_image(*backend, 131, 83, 1);
  const UploadedImage wide_target = upload_image(*backend, 131, 83, 2);
  const UploadedImage small = upload_image(*backend, 71, 70, 3);
  const UploadedImage small_target = upload_image(*backend, 71, 70, 4);
  // Sizes below, at and above those of blocks; more crops than one kernel takes.
  for (const std::int64_t size : {1, 7, 32, 33, 70}) {
    std::vector<Crop> crops;
    for (int i = 0; i < 40; ++i) {
      const bool is_wide = i % 3 != 0;
      const bool is_exchanged = i % 5 == 0;
      const UploadedImage& first = is_wide ? wide : small;
      const UploadedImage& second = is_wide ? wide_target : small_target;
      const std::int64_t most_x = first.tensor.shape().width - size;
      const std::int64_t most_y = first.tensor.shape().height - size;
      Crop crop{.input = is_exchanged ? second.tensor : first.tensor,
                .target = is_exchanged ? first.tensor : second.tensor,
                .x = i % 4 == 0 ? most_x : most_x * i / 40,
                .y = i % 7 == 0 ? most_y : most_y * i / 40,
                .orientation = i % 8,
                .loss_weight = 0.5f + static_cast<float>(i)};
      if (i % 2 == 1) {
        crop.noise = {.electrons_per_unit = i % 4 == 1 ? 30.0f : 0.0f, .sigma = 0.05f};
        crop.noise_stream = 77 + static_cast<std::uint64_t>(i);
        crop.mean = 0.3f;
        crop.sigma = 1.7f;
      }
      crops.push_back(crop);
    }
    const Made made = make(*backend, crops, size, 42);

    Made expected;
    for (int i = 0; i < 40; ++i) {
      const Crop& crop = crops[static_cast<std::size_t>(i)];
      const UploadedImage& first = i % 3 != 0 ? wide : small;
      const UploadedImage& second = i % 3 != 0 ? wide_target : small_target;
      const UploadedImage& from = i % 5 == 0 ? second : first;
      const UploadedImage& to = i % 5 == 0 ? first : second;
      for (std::int64_t row = 0; row < size; ++row)
        for (std::int64_t column = 0; column < size; ++column) {
          float input = turned(from, crop, size, row, column);
          float target = turned(to, crop, size, row, column);
          if (crop.has_noise()) {
            const auto pixel = static_cast<std::uint64_t>(row * size + column);
            input = (noisy_pixel(input, crop.noise, 42, crop.noise_stream, pixel) - crop.mean) /
                    crop.sigma;
            target = (target - crop.mean) / crop.sigma;
          }
          expected.input.push_back(input);
          expected.target.push_back(target);
        }
      expected.loss_weight.push_back(crop.loss_weight);
    }
    INFO(size);
    CHECK(same_bits(made.input, expected.input));
    CHECK(same_bits(made.target, expected.target));
    CHECK(same_bits(made.loss_weight, expected.loss_weight));
  }
}

TEMPLATE_TEST_CASE("ops: a crop of one image twice reads it for both",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const UploadedImage image = upload_image(*backend, 67, 51, 5);
  for (int orientation = 0; orientation < 8; ++orientation) {
    const Crop crop{
        .input = image.tensor, .target = image.tensor, .x = 20, .y = 4, .orientation = orientation};
    const Made made = make(*backend, {crop}, 47, 1);
    CHECK(same_bits(made.input, made.target));
    CHECK(made.input.front() == turned(image, crop, 47, 0, 0));
  }
}

TEST_CASE("ops: a crop outside of its image is refused") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const UploadedImage image = upload_image(*backend, 40, 30, 1);
  const Crop crop{.input = image.tensor, .target = image.tensor, .x = 9, .y = 0};
  CHECK_THROWS_WITH(make(*backend, {crop}, 32, 1), ContainsSubstring("at x 9"));
  CHECK_THROWS_WITH(make(*backend, {crop}, 31, 1), ContainsSubstring("at x 9, y 0"));
  CHECK_NOTHROW(make(*backend, {crop}, 30, 1));
}

TEMPLATE_TEST_CASE("backend: an upload of many blocks arrives whole", "", CpuFloat32, CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const auto uploader = backend->make_uploader();
  // More than twice what is page-locked, and no multiple of it; then less than a block.
  for (const std::int64_t count : {std::int64_t{20'000'003}, std::int64_t{5}}) {
    const Shape shape{1, 1, count, 1};
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i % 16'000'057);
    const Tensor tensor = backend->allocate_tensor(shape, DataType::float32);
    uploader->upload(values, tensor);
    CHECK(values_of(*backend, tensor) == values);
  }
}

TEMPLATE_TEST_CASE("backend: marks say when work has run and how long it took",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const auto begin = backend->make_mark();
  const auto end = backend->make_mark();
  end->wait();  // returns, as it was never set
  const Tensor tensor = backend->allocate_tensor({1, 512, 512, 16}, DataType::float32);
  for (int i = 0; i < 3; ++i) {
    begin->set();
    backend->fill_zero(tensor);
    end->set();
    begin->wait();
    end->wait();
    CHECK(end->seconds_since(*begin) > 0);
  }
}
