#include "core/backend/backend.h"
#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/operations.h"
#include "tests/support/problem_sizes.h"
#include "tests/support/tensors.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <vector>

using namespace limpid;
using namespace limpid::test;

// Every operation on every backend against the plain loops of the reference backend, forward and
// backward, on random data. Outputs are poisoned with NaN first, so an element that is never
// written shows.
namespace {

// float32: other order of the sums. bfloat16: results are rounded to 8 bits (relative error up to
// 2^-9, 2e-3 in the mean), and a sum that is stored between two convolutions is rounded once more.
double tolerance(DataType type) {
  return type == DataType::float32 ? 2e-5 : 1e-2;
}

const ConvCase conv_cases[] = {
    {.what = "plain", .input = {2, 12, 20, 16}, .outputs = 32},
    {.what = "masked input gradient",
     .input = {2, 12, 20, 32},
     .outputs = 32,
     .input_activation = Activation::relu},
    {.what = "heavy layer",
     .input = {1, 24, 24, 64},
     .outputs = 128,
     .input_activation = Activation::relu},
    {.what = "two inputs", .input = {2, 10, 14, 32}, .second = 32, .outputs = 64},
    {.what = "two unequal inputs", .input = {1, 10, 14, 64}, .second = 32, .outputs = 32},
    {.what = "with pool",
     .input = {2, 12, 20, 32},
     .outputs = 32,
     .pool = true,
     .input_activation = Activation::relu},
    {.what = "with pool, in a skip connection",
     .input = {2, 12, 20, 32},
     .outputs = 32,
     .pool = true,
     .is_skip = true,
     .input_activation = Activation::relu},
    {.what = "odd sizes", .input = {3, 13, 17, 32}, .outputs = 32},
    {.what = "long rows", .input = {1, 6, 512, 32}, .outputs = 32},
    {.what = "one pixel", .input = {1, 1, 1, 16}, .outputs = 16},
    {.what = "two inputs 5x5", .input = {1, 31, 42, 16}, .second = 8, .outputs = 16, .kernel = 5},
    {.what = "leaky 5x5",
     .input = {1, 14, 15, 32},
     .outputs = 32,
     .kernel = 5,
     .activation = Activation::leaky_relu,
     .input_activation = Activation::leaky_relu},
};

// The narrow ends of networks.
const ConvCase end_cases[] = {
    {.what = "first layer", .input = {2, 18, 34, 1}, .outputs = 32, .image_input = true},
    {.what = "first layer on four channels",
     .input = {2, 17, 33, 4},
     .outputs = 64,
     .image_input = true},
    {.what = "first layer on an unshuffled image",
     .input = {2, 19, 137, 4},
     .outputs = 64,
     .is_first = true},
    {.what = "first layer of one slice on an unshuffled image",
     .input = {1, 9, 65, 4},
     .outputs = 32,
     .activation = Activation::leaky_relu,
     .is_first = true},
    {.what = "first layer to 96 channels",
     .input = {1, 25, 64, 1},
     .outputs = 96,
     .activation = Activation::none,
     .image_input = true},
    {.what = "first layer to 128 channels",
     .input = {3, 8, 63, 1},
     .outputs = 128,
     .image_input = true},
    {.what = "first layer of many tiles",
     .input = {2, 130, 270, 1},
     .outputs = 32,
     .image_input = true},
    {.what = "pixelwise first layer",
     .input = {1, 31, 42, 1},
     .outputs = 8,
     .kernel = 1,
     .activation = Activation::none,
     .image_input = true},
    {.what = "wide first layer",
     .input = {1, 30, 21, 1},
     .outputs = 48,
     .kernel = 11,
     .activation = Activation::leaky_relu,
     .image_input = true},
    {.what = "last layer",
     .input = {2, 18, 34, 32},
     .outputs = 1,
     .kernel = 1,
     .activation = Activation::none,
     .image_output = true,
     .input_activation = Activation::relu},
    {.what = "last layer to four channels",
     .input = {2, 9, 21, 64},
     .outputs = 4,
     .kernel = 1,
     .activation = Activation::none,
     .image_output = true,
     .input_activation = Activation::relu},
    {.what = "last layer to three channels",
     .input = {1, 13, 9, 24},
     .outputs = 3,
     .kernel = 1,
     .activation = Activation::none,
     .image_output = true,
     .input_activation = Activation::leaky_relu},
    {.what = "last layer of many pixels",
     .input = {1, 370, 380, 32},
     .outputs = 1,
     .kernel = 1,
     .activation = Activation::none,
     .image_output = true,
     .input_activation = Activation::relu},
    {.what = "last layer of many pixels to four channels",
     .input = {2, 270, 280, 64},
     .outputs = 4,
     .kernel = 1,
     .activation = Activation::none,
     .image_output = true,
     .input_activation = Activation::relu},
    {.what = "last layer of two inputs",
     .input = {1, 19, 21, 16},
     .second = 8,
     .outputs = 1,
     .activation = Activation::none,
     .image_output = true},
    {.what = "pixelwise last layer of two inputs",
     .input = {1, 19, 21, 16},
     .second = 8,
     .outputs = 1,
     .kernel = 1,
     .activation = Activation::none,
     .image_output = true},
    {.what = "last layer 13x13 to three channels",
     .input = {1, 15, 14, 8},
     .outputs = 3,
     .kernel = 13,
     .activation = Activation::none,
     .image_output = true},
    {.what = "last layer 3x3",
     .input = {1, 19, 21, 32},
     .outputs = 1,
     .kernel = 3,
     .activation = Activation::none,
     .image_output = true,
     .input_activation = Activation::relu},
};

// On a GPU sums are taken in the same order each time, by our kernels and by cuDNN's.
bool keeps_order(const Backend& backend) {
  return backend.name().starts_with("cuda") && !kernels_are_watched();
}

template <class Type>
void check_convolutions(std::span<const ConvCase> cases) {
  auto backend = make_test_backend<Type>();
  if (!backend)
    return;
  auto reference = make_backend({.kind = DeviceKind::reference, .compute_type = Type::type});
  for (const ConvCase& c : cases) {
    if (!is_wanted(c.input.pixel_count()))
      continue;
    INFO(c.what);
    const ConvResult expected = run_conv(*reference, c, Type::type);
    const ConvResult found = run_conv(*backend, c, Type::type);
    const double limit = tolerance(Type::type);
    CHECK(relative_difference(found.output, expected.output) < limit);
    CHECK(relative_difference(found.pooled, expected.pooled) < limit);
    CHECK(relative_difference(found.input_gradient, expected.input_gradient) < limit);
    CHECK(relative_difference(found.second_gradient, expected.second_gradient) < limit);
    CHECK(relative_difference(found.weight_gradient, expected.weight_gradient) < limit);
    CHECK(relative_difference(found.bias_gradient, expected.bias_gradient) < limit);
    if (keeps_order(*backend)) {
      const ConvResult again = run_conv(*backend, c, Type::type);
      CHECK(again.output == found.output);
      CHECK(again.input_gradient == found.input_gradient);
      CHECK(again.weight_gradient == found.weight_gradient);
      CHECK(again.bias_gradient == found.bias_gradient);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("ops: conv2d agrees with the reference",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  std::vector<ConvCase> wanted;
  std::copy_if(std::begin(conv_cases),
               std::end(conv_cases),
               std::back_inserter(wanted),
               [](const ConvCase& c) {
                 return is_wanted(TestType::type, c.kernel, c.input.channels + c.second, c.outputs);
               });
  check_convolutions<TestType>(wanted);
}

TEMPLATE_TEST_CASE("ops: first and last layers agree with the reference",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  check_convolutions<TestType>(end_cases);
}

namespace {

SimpleResult run_resample(Backend& backend, ResampleDesc desc, DataType rounding) {
  const DataType type = backend.compute_type();
  if (desc.kind != ResampleKind::depth_to_space) {  // the last layers work on float32
    desc.output_type = type;
    if (desc.kind != ResampleKind::space_to_depth)
      desc.input_type = type;
  }
  auto resample = backend.make_resample(desc);
  // As in a network: a pool reads one of two inputs of a convolution, upsampling writes one.
  Arena arena;
  const auto plan = [&](const Shape& shape, DataType data_type, bool is_one_of_two) {
    return is_one_of_two ? plan_input_pair(arena, backend, shape, 16).first
                         : arena.tensor(shape, data_type);
  };
  const bool pools = desc.kind == ResampleKind::max_pool;
  const bool upsamples = desc.kind == ResampleKind::upsample_nearest;
  const Tensor input = plan(desc.input, desc.input_type, pools);
  const Tensor output = plan(desc.output(), desc.output_type, upsamples);
  const Tensor input_gradient = plan(desc.input, desc.input_type, pools);
  arena.bind([&](std::size_t size) { return backend.allocate(size); });
  const auto x = rounded_to(rounding, random_values(desc.input.element_count(), 1));
  const auto g = rounded_to(rounding, random_values(desc.output().element_count(), 2));
  const auto before = desc.accumulate
                          ? rounded_to(rounding, random_values(desc.input.element_count(), 3))
                          : poison(desc.input.element_count());
  const auto nan_out = poison(desc.output().element_count());
  backend.upload(x, input);
  backend.upload(nan_out, output);
  backend.synchronize();
  resample->forward(input, output);
  const auto forward = values_of(backend, output);
  const bool pools_odd = pools && desc.input.height % 2 != 0;
  if (desc.kind == ResampleKind::space_to_depth || desc.is_odd() || pools_odd)
    return {forward, {}, {}, {}};  // the image needs no gradient, odd sizes have none
  backend.upload(before, input_gradient);
  backend.upload(g, output);
  backend.synchronize();
  resample->backward(input, output, input_gradient);
  return {forward, values_of(backend, input_gradient), {}, {}};
}

void check_transpose(Backend& backend,
                     Backend& reference,
                     const Shape& shape,
                     bool with_input_gradient = true) {
  const DataType type = backend.compute_type();
  const auto run = [&](Backend& by) {
    return run_transpose(by, shape, shape.channels / 2, type, with_input_gradient);
  };
  const auto expected = run(reference);
  const auto found = run(backend);
  const double limit = tolerance(type);
  CHECK(relative_difference(found.output, expected.output) < limit);
  CHECK(relative_difference(found.input_gradient, expected.input_gradient) < limit);
  CHECK(relative_difference(found.weight_gradient, expected.weight_gradient) < limit);
  CHECK(relative_difference(found.bias_gradient, expected.bias_gradient) < limit);
  if (keeps_order(backend)) {
    const auto again = run(backend);
    CHECK(again.output == found.output);
    CHECK(again.input_gradient == found.input_gradient);
    CHECK(again.weight_gradient == found.weight_gradient);
    CHECK(again.bias_gradient == found.bias_gradient);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("ops: conv_transpose2d agrees with the reference",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  auto reference = make_backend({.kind = DeviceKind::reference, .compute_type = TestType::type});
  for (const char* kernels : {"own", "cudnn"}) {
    if ((TestType::kind == DeviceKind::cpu || kernels_are_watched()) &&
        kernels != std::string("own"))
      continue;
    const WithKernels chosen(kernels);
    auto backend = make_test_backend<TestType>();
    if (!backend)
      return;
    std::vector<Shape> shapes{
        {2, 6, 10, 64}, {1, 5, 7, 32}, {1, 16, 16, 128}, {3, 7, 9, 192}, {1, 3, 50, 512}};
    if (TestType::kind == DeviceKind::cuda && kernels == std::string("own")) {
      shapes.push_back({1, 200, 190, 64});  // several steps for each block
      shapes.push_back({3, 67, 65, 128});
    }
    for (const Shape& shape : shapes) {
      if (!is_wanted(shape.pixel_count()) ||
          !is_wanted(TestType::type, 2, shape.channels, shape.channels / 2))
        continue;
      INFO(kernels << ", " << shape.height << " x " << shape.width << " x " << shape.channels);
      check_transpose(*backend, *reference, shape);
    }
  }
}

// Without the gradient of the input, which is cuDNN's there.
TEMPLATE_TEST_CASE("ops: conv_transpose2d by kernels for older GPUs agrees with the reference",
                   "",
                   CudaBFloat16) {
  const WithKernels own("own");
  const WithComputeCapability ampere(80);
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  auto reference = make_backend({.kind = DeviceKind::reference, .compute_type = TestType::type});
  const Shape shapes[] = {
      {2, 6, 10, 64}, {1, 16, 16, 128}, {3, 7, 9, 192}, {1, 3, 50, 384}, {1, 200, 190, 64}};
  for (const Shape& shape : shapes)
    if (is_wanted(shape.pixel_count())) {
      INFO(shape.height << " x " << shape.width << " x " << shape.channels);
      check_transpose(*backend, *reference, shape, false);
    }
}

TEMPLATE_TEST_CASE("ops: resampling agrees with the reference",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  auto reference = make_backend({.kind = DeviceKind::reference, .compute_type = TestType::type});
  const ResampleDesc cases[] = {
      {.kind = ResampleKind::max_pool, .input = {2, 12, 10, 32}},
      {.kind = ResampleKind::max_pool,
       .input = {2, 12, 10, 32},
       .input_activation = Activation::relu,
       .accumulate = true},
      {.kind = ResampleKind::upsample_nearest,
       .input = {2, 5, 7, 32},
       .input_activation = Activation::relu},
      {.kind = ResampleKind::upsample_nearest, .input = {1, 3, 2, 64}},
      {.kind = ResampleKind::max_pool, .input = {1, 13, 11, 32}},
      {.kind = ResampleKind::upsample_nearest, .input = {1, 5, 7, 32}, .odd_height = true},
      {.kind = ResampleKind::upsample_nearest,
       .input = {1, 4, 6, 16},
       .odd_height = true,
       .odd_width = true},
      {.kind = ResampleKind::space_to_depth, .input = {2, 6, 10, 1}},
      {.kind = ResampleKind::depth_to_space, .input = {2, 6, 10, 4}},
  };
  for (const ResampleDesc& desc : cases) {
    INFO("kind " << static_cast<int>(desc.kind) << ", accumulate " << desc.accumulate);
    const auto expected = run_resample(*reference, desc, TestType::type);
    const auto found = run_resample(*backend, desc, TestType::type);
    CHECK(relative_difference(found.output, expected.output) == 0.0);
    CHECK(relative_difference(found.input_gradient, expected.input_gradient) <
          tolerance(TestType::type));
  }
}

TEST_CASE("ops: upsampling to an odd size moves all but the first pixel by one") {
  auto backend = make_backend({.kind = DeviceKind::reference});
  const ResampleDesc desc{
      .kind = ResampleKind::upsample_nearest, .input = {1, 1, 3, 1}, .odd_width = true};
  CHECK(desc.output().width == 7);
  auto resample = backend->make_resample(desc);
  const Tensor input = backend->allocate_tensor(desc.input, DataType::float32);
  const Tensor output = backend->allocate_tensor(desc.output(), DataType::float32);
  const std::vector<float> values{1, 2, 3};
  backend->upload(values, input);
  resample->forward(input, output);
  // torch.nn.functional.interpolate(..., size=(2, 7), mode="nearest")
  CHECK(values_of(*backend, output) ==
        std::vector<float>{1, 1, 1, 2, 2, 3, 3, 1, 1, 1, 2, 2, 3, 3});
  const ResampleDesc odd_batch{.kind = ResampleKind::max_pool, .input = {2, 3, 4, 1}};
  CHECK_THROWS_AS(odd_batch.output(), Error);
}

TEMPLATE_TEST_CASE("ops: a recorded step repeats what it did", "", CpuFloat32, CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const ResampleDesc desc{.kind = ResampleKind::upsample_nearest,
                          .input = {1, 4, 4, 32},
                          .input_type = backend->compute_type(),
                          .output_type = backend->compute_type()};
  auto resample = backend->make_resample(desc);
  const Tensor input = backend->allocate_tensor(desc.input, desc.input_type);
  const Tensor output = backend->allocate_tensor(desc.output(), desc.output_type);
  const std::vector<float> ones(static_cast<std::size_t>(desc.input.element_count()), 1.0f);
  const std::vector<float> twos(static_cast<std::size_t>(desc.input.element_count()), 2.0f);
  backend->upload(ones, input);
  auto replay = backend->record([&] { resample->forward(input, output); });
  CHECK(values_of(*backend, output) == std::vector<float>(4 * ones.size(), 1.0f));
  backend->upload(twos, input);
  replay->run();
  CHECK(values_of(*backend, output) == std::vector<float>(4 * ones.size(), 2.0f));
}

TEMPLATE_TEST_CASE(
    "ops: a copy carries every value", "", CpuFloat32, CpuBFloat16, CudaFloat32, CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const Shape shape{1, 37, 61, 3};
  const Tensor source = backend->allocate_tensor(shape, TestType::type);
  const Tensor destination = backend->allocate_tensor(shape, TestType::type);
  const auto values = rounded_to(TestType::type, random_values(shape.element_count(), 1));
  backend->upload(values, source);
  backend->upload(poison(shape.element_count()), destination);
  backend->copy(source, destination);
  CHECK(values_of(*backend, destination) == values);
  CHECK_THROWS_AS(backend->copy(source, backend->allocate_tensor({1, 37, 60, 3}, TestType::type)),
                  Error);
}

TEMPLATE_TEST_CASE("ops: conv_transpose2d gives weight gradients without that of its input",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const auto weight_gradient = [&](bool alone) {
    Parameters parameters(*backend, {{"w", {32, 16, 2, 2}}, {"b", {16}}});
    const ConvTranspose2dDesc desc{.input = {1, 6, 8, 32},
                                   .output_channels = 16,
                                   .type = TestType::type,
                                   .weight = 0,
                                   .bias = 1};
    auto op = backend->make_conv_transpose2d(desc, parameters);
    const Tensor input = backend->allocate_tensor(desc.input, desc.type);
    const Tensor output_gradient = backend->allocate_tensor(desc.output(), desc.type);
    backend->upload(random_values(desc.input.element_count(), 1), input);
    backend->upload(random_values(desc.output().element_count(), 2), output_gradient);
    op->backward(
        input, output_gradient, alone ? Tensor() : backend->allocate_tensor(desc.input, desc.type));
    return parameters.gradients();
  };
  CHECK(weight_gradient(true) == weight_gradient(false));
}
