#include "core/nn/conv_net.h"

#include "tests/support/backends.h"
#include "tests/support/conv_nets.h"
#include "tests/support/reach.h"

#include <algorithm>

using namespace limpid;
using namespace limpid::test;

namespace {

std::vector<float> run(Backend& backend,
                       const ConvNetDescription& description,
                       const Shape& image) {
  Parameters parameters(backend, description.parameters());
  auto values = random_parameters(description);
  for (auto& tensor : values)
    tensor = rounded_to(backend.compute_type(), tensor);
  parameters.set_values(values);
  ConvNet network(backend, description, parameters, image);
  const auto x = rounded_to(backend.compute_type(), random_values(image.element_count(), 1));
  backend.upload(x, network.image());
  backend.synchronize();
  network.forward();
  return values_of(backend, network.prediction());
}

}  // namespace

TEMPLATE_TEST_CASE("conv net: predictions agree with the reference backend, at odd sizes, too",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  auto reference = make_backend({.kind = DeviceKind::reference, .compute_type = TestType::type});
  const double limit = TestType::type == DataType::float32 ? 1e-5 : 1e-2;
  for (const ConvNetDescription& description : small_conv_nets)
    for (const Shape& image : {Shape{1, 32, 48, 1}, Shape{1, 31, 42, 1}, Shape{1, 5, 7, 1}}) {
      INFO(to_json(description) << ", " << image.width << " x " << image.height);
      std::vector<float> found;
      CHECK_NOTHROW(found = run(*backend, description, image));
      const double difference = relative_difference(found, run(*reference, description, image));
      CHECK(difference < limit);
    }
}

TEST_CASE("conv net: no input pixel acts beyond the receptive radius, and one acts nearly as far") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  for (const ConvNetDescription& description : small_conv_nets)
    for (const std::int64_t odd : {0, 1}) {
      const std::int64_t radius = description.receptive_radius_px();
      const std::int64_t grid = description.grid_px();
      const std::int64_t side = (2 * radius / grid + 6) * grid - odd;
      const Shape image{1, side, side, 1};
      Parameters parameters(*backend, description.parameters());
      auto values = random_parameters(description);
      make_positive(values);
      parameters.set_values(values);
      ConvNet network(*backend, description, parameters, image);
      INFO(to_json(description) << ", side " << side);
      const std::int64_t farthest = measure_reach(*backend, network, side, grid);
      CHECK(farthest <= radius);
      CHECK(static_cast<double>(farthest) >= (odd ? 0.85 : 0.7) * static_cast<double>(radius));
    }
}

TEST_CASE("conv net: an image smaller than the pooling grid is refused") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const ConvNetDescription& description = small_conv_nets[0];
  Parameters parameters(*backend, description.parameters());
  CHECK_THROWS_AS(ConvNet(*backend, description, parameters, {1, 3, 32, 1}), Error);
}
