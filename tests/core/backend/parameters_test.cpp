#include "core/backend/parameters.h"

#include "tests/support/backends.h"
#include "tests/support/tensors.h"

using namespace limpid;
using namespace limpid::test;

TEST_CASE(
    "parameters: values come back in PyTorch's order, and lie inside with the second dimension "
    "last") {
  auto backend = make_backend({.kind = DeviceKind::reference});
  Parameters parameters(*backend, {{"w", {2, 3, 1, 2}}, {"b", {2}}});
  const std::vector<float> w = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  parameters.set_values({w, {100, 101}});
  CHECK(parameters.values()[0] == w);
  CHECK(parameters.values()[1] == std::vector<float>{100, 101});
  const float* inside = parameters.value().data_as<float>() + parameters.offset(0);
  // (a, b, r, s) = (0, 2, 0, 1) is element 5 outside and (a, r, s, b) = (0, 0, 1, 2) is element 5
  // inside; (0, 1, 0, 0) is 2 outside and 1 inside.
  CHECK(inside[5] == 5);
  CHECK(inside[1] == 2);
  CHECK(parameters.offset(1) % 64 == 0);
  CHECK(parameters.parameter_count() == 14);
}

TEST_CASE("parameters: a wrong count of values or tensors is refused") {
  auto backend = make_backend({.kind = DeviceKind::reference});
  Parameters parameters(*backend, {{"w", {2, 3, 1, 1}}});
  CHECK_THROWS_AS(parameters.set_values({}), Error);
  CHECK_THROWS_AS(parameters.set_values({std::vector<float>(5)}), Error);
  CHECK_THROWS_AS(parameters.index_of("x"), Error);
}

TEMPLATE_TEST_CASE("parameters: a round trip through the device keeps float32 values",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  Parameters parameters(*backend, {{"w", {16, 8, 3, 3}}, {"b", {16}}});
  const auto w = random_values(16 * 8 * 9, 1);
  const auto b = random_values(16, 2);
  const auto before = parameters.version();
  parameters.set_values({w, b});
  CHECK(parameters.version() > before);
  CHECK(parameters.values()[0] == w);
  CHECK(parameters.values()[1] == b);
}
