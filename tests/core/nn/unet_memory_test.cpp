#include "core/nn/unet.h"
#include "tests/support/catch.h"
#include "tests/support/planning_backend.h"

using namespace limpid;
using namespace limpid::test;

namespace {

// Activations, gradients and what Adam keeps, without the workspaces of single convolutions.
double planned_gigabytes(const std::string& preset, const Shape& image, NetworkUse use) {
  PlanningBackend backend;
  const UNetDescription description = preset_network(preset);
  Parameters parameters(backend, description.parameters());
  const UNet network(backend, description, parameters, image, use);
  const double moments = use == NetworkUse::training
                             ? 2.0 * sizeof(float) * static_cast<double>(parameters.flat_size())
                             : 0.0;
  return (static_cast<double>(backend.allocated_bytes()) + moments) / 1e9;
}

}  // namespace

// 8 GB less 0.6 for the driver, less as much for the workspace as two of the largest tensors (0.27
// each): the fast engines for slices of wider tensors ask for that.
TEST_CASE("unet_memory: the classic network trains on two patches of 1024 pixels within 8 GB") {
  const double gigabytes = planned_gigabytes("classic", {2, 1024, 1024, 1}, NetworkUse::training);
  CAPTURE(gigabytes);
  CHECK(gigabytes < 8 - 0.6 - 0.6);
  // A plan that forgot the activations would be smaller than these alone: two convolutions and
  // their concatenated input at full size.
  CHECK(gigabytes > 2 * 1024 * 1024 * 2 * (2 * 32 + 64) / 1e9);
}

TEST_CASE("unet_memory: inference keeps no activations that are read no more") {
  const Shape image{1, 1024, 1024, 1};
  const double inference = planned_gigabytes("classic", image, NetworkUse::inference);
  const double training = planned_gigabytes("classic", image, NetworkUse::training);
  CAPTURE(inference, training);
  CHECK(inference < 0.4 * training);
}
