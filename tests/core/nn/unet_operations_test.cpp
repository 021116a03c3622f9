#include "core/nn/initialize.h"
#include "core/nn/unet.h"
#include "core/nn/unet_layers.h"
#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/tensors.h"

#include <set>

using namespace limpid;
using namespace limpid::test;

namespace {

struct Case {
  explicit Case(Backend& backend,
                const UNetDescription& description,
                NetworkUse use,
                const Shape& image = {2, 16, 32, 1})
      : parameters(backend, description.parameters()),
        network(backend, description, parameters, image, use) {
    parameters.set_values(initial_parameters(description, 3));
    backend.upload(random_values(image.element_count(), 1), network.image());
    if (use == NetworkUse::training)
      backend.upload(random_values(image.element_count(), 2), network.prediction_gradient());
  }
  Parameters parameters;
  UNet network;
};

const UNetDescription networks[] = {
    {.unshuffle = 1, .channels = {16, 32}, .upsampling = Upsampling::transposed_convolution},
    {.unshuffle = 2, .channels = {16, 32}, .upsampling = Upsampling::nearest}};

}  // namespace

TEMPLATE_TEST_CASE("unet_operations: one after the other they are the network",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  for (const UNetDescription& description : networks) {
    Case whole(*backend, description, NetworkUse::training);
    whole.network.forward();
    const auto prediction = values_of(*backend, whole.network.prediction());
    whole.network.backward();

    Case parts(*backend, description, NetworkUse::training);
    auto operations = parts.network.operations();
    for (const auto& operation : operations)
      operation.forward();
    CHECK(values_of(*backend, parts.network.prediction()) == prediction);
    for (auto operation = operations.rbegin(); operation != operations.rend(); ++operation) {
      if (operation->backward)
        operation->backward();
      // The gradients of the weights alone are those that the whole wrote.
      if (operation->weight_gradient) {
        const auto both = parts.parameters.gradients();
        operation->weight_gradient();
        CHECK(parts.parameters.gradients() == both);
      }
    }
    CHECK(parts.parameters.gradients() == whole.parameters.gradients());
  }
}

TEST_CASE("unet_operations: every layer but the pools has one, of its name") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  for (const UNetDescription& description : networks) {
    Case made(*backend, description, NetworkUse::inference);
    std::set<std::string> names;
    for (const auto& operation : made.network.operations()) {
      names.insert(operation.name);
      CHECK(operation.forward);
      CHECK_FALSE(operation.backward);
      if (operation.implementations)
        CHECK_FALSE(operation.implementations().forward.empty());
    }
    for (const UNetLayer& layer : layers_of(description))
      CHECK(names.count(layer.name) == (layer.kind == LayerKind::max_pool ? 0 : 1));
  }
}

TEMPLATE_TEST_CASE("unet_operations: on Hopper the presets need no cuDNN", "", CudaBFloat16) {
  const WithKernels own("own");
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  if (inspect_gpus().gpus.front().compute_capability != 90) {
    WARN("SKIPPED: no Hopper GPU");
    return;
  }
  for (const char* preset : {"classic", "default"}) {
    Case made(*backend, preset_network(preset), NetworkUse::training, {1, 64, 96, 1});
    made.network.forward();
    made.network.backward();
    for (const auto& operation : made.network.operations()) {
      if (!operation.implementations)
        continue;
      const Implementations names = operation.implementations();
      INFO(preset << ", " << operation.name);
      for (const std::string& name : {names.forward, names.data_gradient, names.weight_gradient})
        CHECK(name.find("cuDNN") == std::string::npos);
    }
  }
}
