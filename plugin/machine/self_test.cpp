#include "plugin/machine/self_test.h"

#include "core/backend/registry.h"
#include "core/base/random.h"
#include "core/nn/initialize.h"
#include "core/nn/unet.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace limpid {
namespace {

constexpr Shape image_shape{1, 32, 32, 1};

// Wide enough for the fast kernels, small enough for the reference's plain loops.
UNetDescription small_network() {
  return {.unshuffle = 2, .channels = {64, 64}, .upsampling = Upsampling::nearest};
}

std::vector<float> prediction_of(Backend& backend) {
  const UNetDescription description = small_network();
  Parameters parameters(backend, description.parameters());
  parameters.set_values(initial_parameters(description, 1));
  UNet network(backend, description, parameters, image_shape, NetworkUse::inference);
  RandomSequence random(1, 1);
  std::vector<float> values(static_cast<std::size_t>(image_shape.element_count()));
  for (float& value : values)
    value = static_cast<float>(random.normal());
  backend.upload(values, network.image());
  backend.synchronize();
  network.forward();
  backend.download(network.prediction(), values);
  return values;
}

}  // namespace

double self_test_difference(Backend& backend) {
  const auto reference =
      make_backend({.kind = DeviceKind::reference, .compute_type = DataType::float32});
  const std::vector<float> expected = prediction_of(*reference);
  const std::vector<float> found = prediction_of(backend);
  double difference = 0;
  double largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(found[i]))
      return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    difference = std::max(difference, std::abs(static_cast<double>(found[i]) - expected[i]));
  }
  return difference / largest;
}

double self_test_tolerance(DataType compute_type) {
  return compute_type == DataType::float32 ? 1e-4 : 5e-2;
}

}  // namespace limpid
