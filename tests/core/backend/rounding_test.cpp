#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/operations.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

using namespace limpid;
using namespace limpid::test;

// In bfloat16 every result is rounded once: element by element it is no further from the float32
// reference, which has the same inputs, than half a unit of its last place. A kernel that stores a
// sum in bfloat16 before the bias is added to it, or before a leaky activation, is off by up to
// twice as much, which errors relative to whole tensors hardly show.
namespace {

// Sums in another order, relative to all elements together; where terms nearly cancel it counts.
constexpr double order_of_sums = 1e-4;

// The largest error in units of half a last place, beyond the order of the sums.
double worst_rounding(const std::vector<float>& found, const std::vector<float>& exact) {
  if (found.size() != exact.size())
    return std::nan("");
  double squares = 0;
  for (const float value : exact)
    squares += static_cast<double>(value) * static_cast<double>(value);
  const double slack =
      order_of_sums *
      std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, exact.size())));
  constexpr int bits_of_half_a_place = 8;  // below the leading one
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - static_cast<double>(exact[i]));
    const double half_place =
        exact[i] == 0.0f ? 0.0 : std::ldexp(1.0, std::ilogb(exact[i]) - bits_of_half_a_place);
    if (!(error <= half_place + slack))
      worst = std::isnan(error) ? error : std::max(worst, error / (half_place + slack));
    if (std::isnan(worst))
      return worst;
  }
  return worst;  // 0: every element is as near as can be
}

const Shape upsampled[] = {{2, 6, 10, 64}, {1, 7, 9, 192}};  // of upsampling

const ConvCase conv_cases[] = {
    {.what = "ReLU", .input = {2, 13, 21, 64}, .outputs = 64, .input_activation = Activation::relu},
    {.what = "leaky",
     .input = {2, 13, 70, 64},
     .outputs = 32,
     .activation = Activation::leaky_relu,
     .input_activation = Activation::leaky_relu},
    {.what = "two inputs", .input = {1, 16, 24, 128}, .second = 64, .outputs = 64},
    {.what = "wide", .input = {2, 8, 8, 256}, .outputs = 128, .activation = Activation::relu},
    {.what = "no activation",
     .input = {1, 9, 17, 32},
     .outputs = 64,
     .activation = Activation::none},
};

std::string text(const Implementations& names) {
  return "forward " + names.forward + "; gradient of the input " + names.data_gradient +
         "; of the weights " + names.weight_gradient;
}

// On the CPU the derivative of a leaky activation multiplies gradients that are rounded already.
double most_of_input_gradient(const Backend& backend, const ConvCase& c) {
  return backend.name().starts_with("cpu") && c.input_activation == Activation::leaky_relu ? 2.5
                                                                                           : 0.0;
}

// Each of cuDNN's plans takes a while to make.
const ConvCase plan_cases[] = {{.what = "ReLU",
                                .input = {2, 13, 24, 128},
                                .second = 64,
                                .outputs = 64,
                                .input_activation = Activation::none},
                               {.what = "leaky",
                                .input = {1, 16, 16, 64},
                                .outputs = 128,
                                .activation = Activation::leaky_relu,
                                .input_activation = Activation::leaky_relu}};

void check_convolutions(Backend& backend, std::span<const ConvCase> cases) {
  auto exact = make_backend({.kind = DeviceKind::reference, .compute_type = DataType::float32});
  for (const ConvCase& c : cases) {
    INFO(c.what);
    const ConvResult expected = run_conv(*exact, c, DataType::bfloat16);
    const ConvResult found = run_conv(backend, c, DataType::bfloat16);
    INFO(text(found.implementations));
    CHECK(worst_rounding(found.output, expected.output) == 0.0);
    CHECK(worst_rounding(found.input_gradient, expected.input_gradient) <=
          most_of_input_gradient(backend, c));
    CHECK(worst_rounding(found.second_gradient, expected.second_gradient) == 0.0);
    CHECK(worst_rounding(found.weight_gradient, expected.weight_gradient) == 0.0);
    CHECK(worst_rounding(found.bias_gradient, expected.bias_gradient) == 0.0);
  }
}

void check_upsampling(Backend& backend, std::span<const Shape> shapes) {
  auto exact = make_backend({.kind = DeviceKind::reference, .compute_type = DataType::float32});
  for (const Shape& shape : shapes) {
    INFO("upsampling of " << shape.channels << " channels");
    const auto expected = run_transpose(*exact, shape, shape.channels / 2, DataType::bfloat16);
    const auto found = run_transpose(backend, shape, shape.channels / 2, DataType::bfloat16);
    INFO(text(found.implementations));
    CHECK(worst_rounding(found.output, expected.output) == 0.0);
    CHECK(worst_rounding(found.input_gradient, expected.input_gradient) == 0.0);
    CHECK(worst_rounding(found.weight_gradient, expected.weight_gradient) == 0.0);
    CHECK(worst_rounding(found.bias_gradient, expected.bias_gradient) == 0.0);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("rounding: results are rounded once", "", CpuBFloat16, CudaBFloat16) {
  for (const char* kernels : {"own", "cudnn"}) {
    if (TestType::kind == DeviceKind::cpu && kernels != std::string("own"))
      continue;
    const WithKernels chosen(kernels);
    auto backend = make_test_backend<TestType>();
    if (!backend)
      return;
    INFO(kernels);
    check_convolutions(*backend, conv_cases);
    check_upsampling(*backend, upsampled);
  }
}

// Hidden, since cuDNN takes minutes to make them all: tools/gpu_check --parts plans.
TEMPLATE_TEST_CASE("rounding: every plan of cuDNN rounds its results once",
                   "[.plans]",
                   CudaBFloat16) {
  const WithKernels chosen("cudnn");
  for (const char* kind : {"fused", "apart"})
    for (int number = 0; number < 10; ++number) {
      const std::string plan = std::string(kind) + " " + std::to_string(number);
      const WithCudnnPlan taken(plan.c_str());
      auto backend = make_test_backend<TestType>();
      if (!backend)
        return;
      INFO("plan " << plan);
      check_convolutions(*backend, plan_cases);
      check_upsampling(*backend, std::span(upsampled, 1));
    }
}

TEST_CASE("rounding: what is rounded twice is told apart") {
  const auto sums = random_values(10000, 1);
  const auto biases = random_values(10000, 2);
  std::vector<float> exact, once, twice;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto rounded = [](float value) { return static_cast<float>(BFloat16(value)); };
    exact.push_back(sums[i] + biases[i]);
    once.push_back(rounded(exact[i]));
    twice.push_back(rounded(rounded(sums[i]) + biases[i]));
  }
  CHECK(worst_rounding(once, exact) == 0.0);
  CHECK(worst_rounding(twice, exact) > 1.9);
  exact[17] = 0.0f;
  once[17] = std::nanf("");
  CHECK_FALSE(worst_rounding(once, exact) == 0.0);
}
