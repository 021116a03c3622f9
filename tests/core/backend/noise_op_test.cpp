#include "core/backend/backend.h"
#include "core/image/image.h"
#include "core/noise/poisson_gaussian.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"

#include <cstring>

using namespace limpid;
using namespace limpid::test;

TEMPLATE_TEST_CASE("ops: noise has the same bits on every backend", "", CpuFloat32, CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const Shape shape{3, 61, 47, 1};
  // Means from 0 over inversion and rejection to the rounded Gaussian, and values without a mean.
  auto clean = random_values(shape.element_count(), 1);
  for (std::size_t i = 0; i < clean.size(); ++i)
    clean[i] = std::exp(4.0f * clean[i]) * (i % 17 == 0 ? -1.0f : 1.0f);
  const NoiseModel model{.electrons_per_unit = 3.5f, .sigma = 0.05f};
  auto noise = backend->make_noise(
      {.images = shape, .electrons_per_unit = model.electrons_per_unit, .sigma = model.sigma});
  const Tensor input = backend->allocate_tensor(shape, DataType::float32);
  const Tensor output = backend->allocate_tensor(shape, DataType::float32);
  backend->upload(clean, input);
  poison(*backend, output);
  noise->apply(input, output, 42, 7);
  const auto found = values_of(*backend, output);

  const std::size_t per_image = found.size() / 3;
  for (std::size_t n = 0; n < 3; ++n) {
    Image image(shape.width, shape.height);
    std::copy_n(clean.begin() + static_cast<std::ptrdiff_t>(n * per_image),
                per_image,
                image.pixels().begin());
    Image noisy;
    add_noise(image, noisy, model, 42, 7 + n);
    CHECK(std::memcmp(
              noisy.pixels().data(), found.data() + n * per_image, per_image * sizeof(float)) == 0);
  }
}
