#include "core/backend/backend.h"
#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/problem_sizes.h"
#include "tests/support/tensors.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

using namespace limpid;
using namespace limpid::test;

// Weight gradients of 3x3 convolutions by the kernels that the environment asks for.
namespace {

struct Case {
  std::string what;
  Shape input;
  std::int64_t outputs = 32;
  std::int64_t input_before = 0;  // channels in front of the input in its tensor
  std::int64_t input_after = 0;
  std::int64_t output_before = 0;
  std::int64_t output_after = 0;
};

struct Found {
  std::vector<float> weights, biases;
};

Tensor slice(
    Backend& backend, Shape shape, DataType type, std::int64_t before, std::int64_t after) {
  const std::int64_t channels = shape.channels;
  shape.channels += before + after;
  const Tensor whole = backend.allocate_tensor(shape, type);
  const std::vector<float> poison(static_cast<std::size_t>(shape.element_count()),
                                  std::numeric_limits<float>::quiet_NaN());
  backend.upload(poison, whole);
  backend.synchronize();
  return whole.channels(before, channels);
}

Found run(Backend& backend, const Case& c, bool strided, int times = 1) {
  const DataType type = backend.compute_type();
  const Conv2dDesc desc{.input = c.input,
                        .output_channels = c.outputs,
                        .input_type = type,
                        .output_type = type,
                        .needs_input_gradient = false,
                        .weight = 0,
                        .bias = 1};
  Parameters parameters(backend,
                        {{"weight", {c.outputs, c.input.channels, 3, 3}}, {"bias", {c.outputs}}});
  auto convolution = backend.make_conv2d(desc, parameters);
  Conv2d::Forward values;
  Conv2d::Backward gradients;
  const auto make = [&](const Shape& shape, std::int64_t before, std::int64_t after) {
    return strided ? slice(backend, shape, type, before, after)
                   : backend.allocate_tensor(shape, type);
  };
  values.input = make(c.input, c.input_before, c.input_after);
  gradients.output_gradient = make(desc.output(), c.output_before, c.output_after);
  const auto x = rounded_to(DataType::bfloat16, random_values(c.input.element_count(), 1));
  const auto g = rounded_to(DataType::bfloat16, random_values(desc.output().element_count(), 2));
  backend.upload(x, values.input);
  backend.upload(g, gradients.output_gradient);
  const std::vector<float> poison(static_cast<std::size_t>(parameters.flat_size()),
                                  std::numeric_limits<float>::quiet_NaN());
  backend.upload(poison, parameters.gradient());
  backend.synchronize();
  for (int i = 0; i < times; ++i)
    convolution->backward(values, gradients);
  auto found = parameters.gradients();
  return {std::move(found[0]), std::move(found[1])};
}

const Case cases[] = {
    {.what = "32 > 32", .input = {2, 12, 20, 32}},
    {.what = "one pixel", .input = {1, 1, 1, 32}},
    {.what = "one row", .input = {3, 1, 130, 32}},
    {.what = "one column", .input = {1, 77, 1, 32}, .outputs = 64},
    {.what = "many units a block", .input = {3, 211, 197, 32}},
    {.what = "64 > 32, odd sizes", .input = {5, 61, 75, 64}},
    {.what = "32 > 64, odd sizes", .input = {4, 53, 71, 32}, .outputs = 64},
    {.what = "64 > 64, odd sizes", .input = {2, 61, 67, 64}, .outputs = 64},
    {.what = "128 > 64", .input = {1, 40, 24, 128}, .outputs = 64},
    {.what = "96 > 32", .input = {2, 19, 33, 96}},
    {.what = "64 > 128", .input = {1, 31, 18, 64}, .outputs = 128},
    {.what = "192 > 320, wide", .input = {2, 9, 21, 192}, .outputs = 320},
    {.what = "whole tiles", .input = {1, 16, 64, 64}, .outputs = 64},
    {.what = "one pixel more than whole tiles", .input = {1, 17, 65, 64}, .outputs = 32},
    {.what = "slices of both",
     .input = {2, 30, 45, 32},
     .input_before = 32,
     .input_after = 8,
     .output_before = 0,
     .output_after = 32},
    {.what = "slices of wide pixels",
     .input = {1, 30, 45, 64},
     .outputs = 64,
     .input_before = 8,
     .output_before = 64,
     .output_after = 64},
};

double microseconds_per_image(const Case& c, const char* kernels) {
  const WithKernels chosen(kernels);
  auto backend = make_test_backend<CudaBFloat16>();
  if (!backend)
    return 0;
  const Conv2dDesc desc{.input = c.input,
                        .output_channels = c.outputs,
                        .input_type = DataType::bfloat16,
                        .output_type = DataType::bfloat16,
                        .needs_input_gradient = false,
                        .weight = 0,
                        .bias = 1};
  Parameters parameters(*backend,
                        {{"weight", {c.outputs, c.input.channels, 3, 3}}, {"bias", {c.outputs}}});
  auto convolution = backend->make_conv2d(desc, parameters);
  Conv2d::Forward values;
  Conv2d::Backward gradients;
  values.input = backend->allocate_tensor(c.input, DataType::bfloat16);
  gradients.output_gradient = backend->allocate_tensor(desc.output(), DataType::bfloat16);
  const auto block = random_values(1 << 20, 1);
  const auto fill = [&](const Tensor& tensor) {
    std::vector<float> data(static_cast<std::size_t>(tensor.shape().element_count()));
    for (std::size_t i = 0; i < data.size(); ++i)
      data[i] = block[i % block.size()];
    backend->upload(data, tensor);
    backend->synchronize();
  };
  fill(values.input);
  fill(gradients.output_gradient);
  const auto seconds_of = [&](int times) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i)
      convolution->backward(values, gradients);
    backend->synchronize();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  seconds_of(3);
  constexpr int times = 30;
  return 1e6 * seconds_of(times) / times / static_cast<double>(c.input.batch);
}

template <class Type>
void check_own(std::int64_t most_channels) {
  const WithKernels own("own");
  auto backend = make_test_backend<Type>();
  if (!backend)
    return;
  auto reference = make_backend({.kind = DeviceKind::reference, .compute_type = Type::type});
  for (const Case& c : cases) {
    if (!is_wanted(c.input.pixel_count()) || std::max(c.input.channels, c.outputs) > most_channels)
      continue;
    INFO(c.what);
    const Found expected = run(*reference, c, false);
    const Found found = run(*backend, c, true);
    // Only the result is rounded, to 8 bits: 2^-9 at most, 2e-3 in the mean.
    CHECK(relative_difference(found.weights, expected.weights) < 3e-3);
    CHECK(relative_difference(found.biases, expected.biases) < 3e-3);
    const Found again = run(*backend, c, true, 3);
    CHECK(found.weights == again.weights);
    CHECK(found.biases == again.biases);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("own weight gradient agrees with the reference", "", CudaBFloat16) {
  check_own<TestType>(std::numeric_limits<std::int64_t>::max());
}

TEMPLATE_TEST_CASE("own weight gradient for older GPUs agrees with the reference",
                   "",
                   CudaBFloat16) {
  const WithComputeCapability ampere(80);
  check_own<TestType>(128);
}

// Hidden: test_backend "weight gradient: speed of our kernel beside cuDNN"
TEST_CASE("weight gradient: speed of our kernel beside cuDNN", "[.speed]") {
  const Case layers[] = {
      {.what = "enc0b, dec0b 32 > 32", .input = {4, 1024, 1024, 32}},
      {.what = "dec0a 64 > 32", .input = {4, 1024, 1024, 64}},
      {.what = "enc1a 32 > 64", .input = {4, 512, 512, 32}, .outputs = 64},
      {.what = "enc1b, dec1b 64 > 64", .input = {4, 512, 512, 64}, .outputs = 64},
      {.what = "dec1a 128 > 64", .input = {4, 512, 512, 128}, .outputs = 64},
      {.what = "enc2a 64 > 128", .input = {4, 256, 256, 64}, .outputs = 128},
      {.what = "enc2b 128 > 128", .input = {4, 256, 256, 128}, .outputs = 128},
      {.what = "dec2a 256 > 128", .input = {4, 256, 256, 256}, .outputs = 128},
      {.what = "enc3b, dec3b 256 > 256", .input = {4, 128, 128, 256}, .outputs = 256},
      {.what = "dec3a 512 > 256", .input = {4, 128, 128, 512}, .outputs = 256},
      {.what = "enc4b 512 > 512", .input = {4, 64, 64, 512}, .outputs = 512},
      {.what = "one image, 32 > 32", .input = {1, 1024, 1024, 32}},
      {.what = "one image, 64 > 64", .input = {1, 512, 512, 64}, .outputs = 64},
  };
  std::printf("%-24s %10s %10s  us an image, with the bias\n", "layer", "own", "cuDNN");
  for (const Case& c : layers) {
    const double own = microseconds_per_image(c, "own");
    const double cudnn = microseconds_per_image(c, "cudnn");
    std::printf("%-24s %10.1f %10.1f\n", c.what.c_str(), own, cudnn);
    std::fflush(stdout);
  }
}

// Hidden: test_backend "weight gradient: what sums in a fixed order cost". Results are equal from
// run to run because every block leaves its sums and a second kernel adds them. That kernel's time
// does not depend on the pixels: a call on one pixel is little else, and an upper bound.
TEST_CASE("weight gradient: what sums in a fixed order cost", "[.speed]") {
  const struct {
    std::int64_t inputs, outputs;
  } layers[] = {{32, 32},
                {32, 64},
                {64, 64},
                {64, 128},
                {128, 128},
                {128, 256},
                {256, 256},
                {256, 512},
                {512, 512},
                {512, 256},
                {256, 256},
                {256, 128},
                {128, 128},
                {128, 64},
                {64, 64},
                {64, 32},
                {32, 32}};
  double sum_us = 0;
  for (const auto& layer : layers)
    sum_us += microseconds_per_image(
        {.what = "", .input = {1, 1, 1, layer.inputs}, .outputs = layer.outputs}, "own");
  std::printf("3x3 layers of classic on one pixel: %.0f us a step in all\n", sum_us);
}
