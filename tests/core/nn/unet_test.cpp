#include "core/nn/unet.h"

#include "core/nn/initialize.h"
#include "tests/support/backends.h"
#include "tests/support/reach.h"
#include "tests/support/tensors.h"

#include <algorithm>

using namespace limpid;
using namespace limpid::test;

namespace {

const UNetDescription small_networks[] = {
    {.unshuffle = 1, .channels = {16, 32, 48}, .upsampling = Upsampling::transposed_convolution},
    {.unshuffle = 2, .channels = {16, 32, 32}, .upsampling = Upsampling::nearest},
    {.unshuffle = 1,
     .channels = {32, 16},
     .upsampling = Upsampling::nearest,
     .activation = Activation::leaky_relu},
};
// Wide enough for the kernels that pool, join gradients at skip connections, and upsample.
const UNetDescription wide_networks[] = {
    {.channels = {32, 32, 64}},
    {.channels = {32, 64, 128}, .upsampling = Upsampling::transposed_convolution},
};
constexpr Shape usual_image{2, 48, 72, 1};
// Whose lower levels have odd sizes, and no whole number of any kernel's tiles.
const Shape other_images[] = {{3, 20, 140, 1}, {1, 132, 12, 1}};

struct NetworkRun {
  std::vector<float> prediction;
  std::vector<std::vector<float>> gradients;
};

NetworkRun run(Backend& backend, const UNetDescription& description, const Shape& image) {
  Parameters parameters(backend, description.parameters());
  auto start = initial_parameters(description, 3);
  for (auto& tensor : start)
    tensor = rounded_to(backend.compute_type(), tensor);
  parameters.set_values(start);
  UNet network(backend, description, parameters, image, NetworkUse::training);
  // An image with structure and a gradient mostly of one sign, as in training: with signs at random
  // the sums over pixels nearly cancel, and the few units that rounding switches decide what is
  // left.
  auto x = random_values(image.element_count(), 1, 0.5);
  auto g = random_values(image.element_count(), 2, 0.3);
  for (std::int64_t i = 0; i < image.element_count(); ++i) {
    const double column = static_cast<double>(i % image.width);
    const double row = static_cast<double>(i / image.width);
    x[static_cast<std::size_t>(i)] += static_cast<float>(std::sin(column / 5) + std::cos(row / 7));
    g[static_cast<std::size_t>(i)] += 1.0f;
  }
  x = rounded_to(backend.compute_type(), x);
  g = rounded_to(backend.compute_type(), g);
  backend.upload(x, network.image());
  backend.synchronize();
  network.forward();
  const auto prediction = values_of(backend, network.prediction());
  backend.upload(g, network.prediction_gradient());
  network.backward();
  return {prediction, parameters.gradients()};
}

void compare_with_reference(Backend& backend,
                            const UNetDescription& description,
                            const Shape& image = usual_image) {
  auto reference =
      make_backend({.kind = DeviceKind::reference, .compute_type = backend.compute_type()});
  // bfloat16: the reference rounds where the backend does, but a sum in another order now and then
  // rounds to the other side, and switches a unit or a pool that was on the edge.
  const bool exact = backend.compute_type() == DataType::float32;
  INFO("images of " << image.height << " x " << image.width << ", " << image.batch << " at a time");
  const NetworkRun expected = run(*reference, description, image);
  const NetworkRun found = run(backend, description, image);
  CHECK(relative_difference(found.prediction, expected.prediction) < (exact ? 1e-5 : 1e-2));
  for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
    INFO(description.parameters()[i].name);
    CHECK(relative_difference(found.gradients[i], expected.gradients[i]) < (exact ? 1e-4 : 2e-2));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("unet: predictions and gradients agree with the reference backend",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  for (const UNetDescription& description : small_networks)
    compare_with_reference(*backend, description);
}

// Those kernels are for bfloat16 alone.
TEMPLATE_TEST_CASE("unet: a network wide enough for own kernels agrees with the reference backend",
                   "",
                   CpuBFloat16,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  for (const UNetDescription& description : wide_networks) {
    compare_with_reference(*backend, description);
    for (const Shape& image : other_images)
      compare_with_reference(*backend, description, image);
  }
}

TEMPLATE_TEST_CASE(
    "unet: inference, which shares memory between layers, predicts what training predicts",
    "",
    CpuFloat32,
    CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  for (const UNetDescription& description : small_networks) {
    const Shape image{1, 32, 48, 1};
    Parameters parameters(*backend, description.parameters());
    parameters.set_values(initial_parameters(description, 3));
    UNet training(*backend, description, parameters, image, NetworkUse::training);
    UNet inference(*backend, description, parameters, image, NetworkUse::inference);
    CHECK(inference.memory_bytes() < training.memory_bytes());
    const auto x = random_values(image.element_count(), 1);
    backend->upload(x, training.image());
    backend->upload(x, inference.image());
    backend->synchronize();
    training.forward();
    inference.forward();
    CHECK(values_of(*backend, inference.prediction()) ==
          values_of(*backend, training.prediction()));
    CHECK_THROWS_AS(inference.backward(), Error);
  }
}

TEST_CASE("unet: no input pixel acts beyond the receptive radius, and one acts nearly as far") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  for (const UNetDescription& description : small_networks) {
    const std::int64_t radius = description.receptive_radius_px();
    const std::int64_t grid = description.grid_px();
    const std::int64_t side = (2 * radius / grid + 6) * grid;
    const Shape image{1, side, side, 1};
    Parameters parameters(*backend, description.parameters());
    auto values = initial_parameters(description, 3);
    make_positive(values);
    parameters.set_values(values);
    UNet network(*backend, description, parameters, image, NetworkUse::inference);
    const std::int64_t farthest = measure_reach(*backend, network, side, grid);
    CHECK(farthest <= radius);
    CHECK(static_cast<double>(farthest) >= 0.85 * static_cast<double>(radius));
  }
}

TEST_CASE("unet: an image off the pooling grid is refused") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const UNetDescription& description = small_networks[0];
  Parameters parameters(*backend, description.parameters());
  CHECK_THROWS_AS(UNet(*backend, description, parameters, {1, 30, 32, 1}, NetworkUse::inference),
                  Error);
}
