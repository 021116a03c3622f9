#include "core/backend/backend.h"
#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/tensors.h"

#include <string>

using namespace limpid;
using namespace limpid::test;

// 3x3 convolutions and gradients of their inputs by the kernels that the environment asks for.
namespace {

struct Case {
  std::string what;
  Shape input;  // of both inputs together
  std::int64_t outputs = 32;
  std::int64_t second = 0;  // channels of the second input
  Activation activation = Activation::relu;
  // Channels in front of the output, and of the gradient of the input, in its tensor, and behind.
  std::int64_t output_before = 0;
  std::int64_t output_after = 0;
};

struct Found {
  std::vector<float> output, input_gradient, second_gradient, around;
};

constexpr float untouched = 7.0f;

Tensor filled(Backend& backend, const Shape& shape) {
  const Tensor tensor = backend.allocate_tensor(shape, backend.compute_type());
  const std::vector<float> values(static_cast<std::size_t>(shape.element_count()), untouched);
  backend.upload(values, tensor);
  backend.synchronize();
  return tensor;
}

Shape with_channels(Shape shape, std::int64_t channels) {
  shape.channels = channels;
  return shape;
}

void upload_random(Backend& backend, const Tensor& tensor, std::uint64_t stream) {
  const auto values =
      rounded_to(DataType::bfloat16, random_values(tensor.shape().element_count(), stream));
  backend.upload(values, tensor);
  backend.synchronize();
}

void append_channels(Backend& backend,
                     const Tensor& tensor,
                     std::int64_t first,
                     std::int64_t count,
                     std::vector<float>& values) {
  if (count == 0)
    return;
  const auto more = values_of(backend, tensor.channels(first, count));
  values.insert(values.end(), more.begin(), more.end());
}

Found run(Backend& backend, const Case& c) {
  const std::int64_t inputs = c.input.channels;
  const Conv2dDesc desc{.input = with_channels(c.input, inputs - c.second),
                        .second_channels = c.second,
                        .output_channels = c.outputs,
                        .activation = c.activation,
                        .input_type = backend.compute_type(),
                        .output_type = backend.compute_type(),
                        .input_activation = c.second > 0 ? Activation::none : c.activation,
                        .weight = 0,
                        .bias = 1};
  Parameters parameters(backend, {{"weight", {c.outputs, inputs, 3, 3}}, {"bias", {c.outputs}}});
  parameters.set_values(
      {rounded_to(DataType::bfloat16, random_values(c.outputs * inputs * 9, 1, 0.1)),
       rounded_to(DataType::bfloat16, random_values(c.outputs, 2))});
  auto convolution = backend.make_conv2d(desc, parameters);

  const Tensor x = filled(backend, c.input);
  const Tensor wide_dx =
      filled(backend, with_channels(c.input, c.output_before + inputs + c.output_after));
  const Tensor dx = wide_dx.channels(c.output_before, inputs);
  const Tensor wide_y =
      filled(backend, with_channels(c.input, c.output_before + c.outputs + c.output_after));
  const Tensor y = wide_y.channels(c.output_before, c.outputs);
  const Tensor dy = filled(backend, wide_y.shape()).channels(c.output_before, c.outputs);
  const auto first = [&](const Tensor& t) { return t.channels(0, inputs - c.second); };
  const auto second = [&](const Tensor& t) {
    return c.second > 0 ? t.channels(inputs - c.second, c.second) : Tensor();
  };
  upload_random(backend, x, 3);
  upload_random(backend, dy, 4);
  const Conv2d::Forward values{first(x), second(x), y, Tensor()};
  convolution->forward(values);
  convolution->backward(values, {dy, Tensor(), first(dx), second(dx)});
  Found found{values_of(backend, y), values_of(backend, first(dx)), {}, {}};
  if (c.second > 0)
    found.second_gradient = values_of(backend, second(dx));
  for (const Tensor& wide : {wide_y, wide_dx}) {
    append_channels(backend, wide, 0, c.output_before, found.around);
    const std::int64_t behind = wide.shape().channels - c.output_after;
    append_channels(backend, wide, behind, c.output_after, found.around);
  }
  return found;
}

const Case cases[] = {
    {.what = "32 > 32", .input = {2, 21, 131, 32}},
    {.what = "one pixel", .input = {1, 1, 1, 32}},
    {.what = "one row", .input = {3, 1, 130, 32}, .outputs = 64},
    {.what = "one column", .input = {1, 77, 1, 64}},
    {.what = "no activation", .input = {2, 9, 70, 32}, .activation = Activation::none},
    {.what = "leaky", .input = {2, 9, 70, 64}, .activation = Activation::leaky_relu},
    {.what = "64 > 64", .input = {3, 17, 66, 64}, .outputs = 64},
    {.what = "64 > 128", .input = {1, 12, 65, 64}, .outputs = 128},
    {.what = "128 > 128", .input = {1, 11, 20, 128}, .outputs = 128},
    {.what = "192 > 64", .input = {2, 13, 21, 192}, .outputs = 64},
    {.what = "64 > 192", .input = {1, 35, 9, 64}, .outputs = 192},
    {.what = "256 > 256", .input = {1, 64, 11, 256}, .outputs = 256},
    {.what = "wide, leaky",
     .input = {1, 32, 24, 256},
     .outputs = 128,
     .activation = Activation::leaky_relu},
    {.what = "wide, one pixel", .input = {1, 1, 1, 256}, .outputs = 64},
    {.what = "two very wide inputs", .input = {1, 12, 20, 384}, .outputs = 64, .second = 128},
    {.what = "wide, second part of a wider output",
     .input = {2, 18, 17, 256},
     .outputs = 128,
     .output_before = 128},
    {.what = "two inputs", .input = {2, 12, 70, 64}, .second = 32},
    {.what = "two wide inputs", .input = {1, 12, 70, 128}, .outputs = 64, .second = 64},
    {.what = "first part of a wider output", .input = {2, 13, 67, 32}, .output_after = 32},
    {.what = "second part of a wider output",
     .input = {2, 13, 67, 64},
     .outputs = 64,
     .output_before = 64},
    {.what = "output between others",
     .input = {1, 13, 67, 32},
     .output_before = 8,
     .output_after = 16},
};

void check(const Found& found, const Found& expected) {
  // Only the results are rounded, to 8 bits: 2^-9 at most, 2e-3 in the mean.
  CHECK(relative_difference(found.output, expected.output) < 3e-3);
  CHECK(relative_difference(found.input_gradient, expected.input_gradient) < 3e-3);
  CHECK(relative_difference(found.second_gradient, expected.second_gradient) < 3e-3);
  for (const float value : found.around)
    REQUIRE(value == untouched);
}

}  // namespace

// With few multiprocessors each has several pieces of the work, and pieces are larger.
TEMPLATE_TEST_CASE("own convolution agrees with the reference", "", CudaBFloat16) {
  const WithKernels own("own");
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const WithMultiprocessors four("4");
  auto few = make_test_backend<TestType>();
  auto reference = make_backend({.kind = DeviceKind::reference, .compute_type = TestType::type});
  for (const Case& c : cases) {
    INFO(c.what);
    const Found expected = run(*reference, c);
    const Found found = run(*backend, c);
    check(found, expected);
    check(run(*few, c), expected);
    const Found again = run(*backend, c);
    CHECK(again.output == found.output);
    CHECK(again.input_gradient == found.input_gradient);
  }
}
