#include "core/backend/backend.h"
#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/problem_sizes.h"
#include "tests/support/tensors.h"

#include <algorithm>
#include <string>

using namespace limpid;
using namespace limpid::test;

// A convolution of an encoder: it writes to a slice of a wider tensor, where the backend has such,
// and is pooled, and its backward pass starts with what arrives at the slice and at the pooled map.
namespace {

struct Case {
  std::string what;
  Shape input;
  std::int64_t channels = 32;
  Activation activation = Activation::relu;
};

// Whole numbers give the same results whatever the order of sums, in any type, and many equal
// maxima. Other values have neither, as in a network.
enum class Values { integers, normal };

struct Found {
  std::vector<float> output, pooled, around, output_gradient, input_gradient;
  std::vector<std::vector<float>> parameter_gradients;
};

constexpr float untouched = 7.0f;

Shape output_of(const Case& c) {
  return {c.input.batch, c.input.height, c.input.width, c.channels};
}

bool is_even(const Case& c) {
  return c.input.height % 2 == 0 && c.input.width % 2 == 0;
}

class Pooled {
 public:
  Pooled(Backend& backend, const Case& c, Values values)
      : backend_(backend),
        case_(c),
        kind_(values),
        desc_{.input = c.input,
              .output_channels = c.channels,
              .activation = c.activation,
              .pool_output = true,
              .input_type = backend.compute_type(),
              .output_type = backend.compute_type(),
              .input_activation = c.activation,
              .weight = 0,
              .bias = 1},
        parameters_(backend,
                    {{"weight", {c.channels, c.input.channels, 3, 3}}, {"bias", {c.channels}}}) {
    const std::int64_t taps = c.input.channels * 9;
    parameters_.set_values(
        {weights(c.channels * taps, 12.0 / static_cast<double>(taps)), random(c.channels, 2)});
  }

  Found run(bool keeps_record, bool backward = true) {
    auto convolution = backend_.make_conv2d(desc_, parameters_);
    const std::int64_t before = backend_.merges_inputs() ? desc_.output_channels : 0;
    Shape wide = desc_.output();
    wide.channels += before;
    const Tensor output = tensor(wide);
    const Conv2d::Forward values{.input = tensor(desc_.input, 3),
                                 .second = {},
                                 .output = output.channels(before, desc_.output_channels),
                                 .pooled = tensor(desc_.pooled()),
                                 .record = keeps_record ? record(*convolution) : Tensor()};
    convolution->forward(values);
    Found found;
    found.output = values_of(backend_, values.output);
    found.pooled = values_of(backend_, values.pooled);
    if (backward && is_even(case_)) {
      const Tensor slice = tensor(wide).channels(before, desc_.output_channels);
      fill(slice, random(slice.shape().element_count(), 4));
      const Conv2d::Backward gradients{.output_gradient = slice,
                                       .pooled_gradient = tensor(desc_.pooled(), 5),
                                       .input_gradient = tensor(desc_.input),
                                       .second_gradient = {}};
      poison_gradients(backend_, parameters_);
      convolution->backward(values, gradients);
      found.output_gradient = values_of(backend_, gradients.output_gradient);
      found.input_gradient = values_of(backend_, gradients.input_gradient);
      found.parameter_gradients = parameters_.gradients();
    }
    if (before > 0)
      found.around = values_of(backend_, output.channels(0, before));
    return found;
  }

  // What the pool alone does to the gradient of this output.
  std::vector<float> output_gradient(const std::vector<float>& output) {
    const Tensor gradient = tensor(desc_.output(), 4);
    const Tensor values = tensor(desc_.output());
    fill(values, output);
    backend_.make_resample(pool_of(desc_))->backward(values, tensor(desc_.pooled(), 5), gradient);
    return values_of(backend_, gradient);
  }

 private:
  std::vector<float> random(std::int64_t count, std::uint64_t stream) const {
    return kind_ == Values::integers ? random_integers(count, stream, 2)
                                     : rounded_to(DataType::bfloat16, random_values(count, stream));
  }
  std::vector<float> weights(std::int64_t count, double density) const {
    return kind_ == Values::integers ? random_integers(count, 1, 1, density)
                                     : rounded_to(DataType::bfloat16, random_values(count, 1, 0.1));
  }

  // Of random values, or of one that shows where nothing was written.
  Tensor tensor(const Shape& shape, std::uint64_t stream = 0) const {
    const Tensor result = backend_.allocate_tensor(shape, backend_.compute_type());
    const std::int64_t count = shape.element_count();
    fill(result,
         stream > 0 ? random(count, stream)
                    : std::vector<float>(static_cast<std::size_t>(count), untouched));
    return result;
  }
  void fill(const Tensor& tensor, const std::vector<float>& values) const {
    backend_.upload(values, tensor);
    backend_.synchronize();
  }
  Tensor record(const Conv2d& convolution) const {
    const auto words = static_cast<std::int64_t>((convolution.record_bytes() + 3) / 4);
    if (words == 0)
      return {};
    const Tensor result = backend_.allocate_tensor({1, 1, 1, words}, DataType::float32);
    fill(result, std::vector<float>(static_cast<std::size_t>(words), untouched));
    return result;
  }

  Backend& backend_;
  Case case_;
  Values kind_;
  Conv2dDesc desc_;
  Parameters parameters_;
};

std::vector<float> maxima(const std::vector<float>& values, const Shape& s) {
  std::vector<float> result;
  for (std::int64_t row = 0; row < s.batch * (s.height / 2); ++row)
    for (std::int64_t x = 0; x < s.width / 2; ++x)
      for (std::int64_t c = 0; c < s.channels; ++c) {
        const std::int64_t image = row / (s.height / 2);
        const std::int64_t y = row % (s.height / 2) * 2;
        const auto at = [&](std::int64_t dy, std::int64_t dx) {
          return values[static_cast<std::size_t>(
              ((image * s.height + y + dy) * s.width + 2 * x + dx) * s.channels + c)];
        };
        result.push_back(std::max({at(0, 0), at(0, 1), at(1, 0), at(1, 1)}));
      }
  return result;
}

const Case cases[] = {
    {.what = "32 channels", .input = {2, 18, 70, 32}},
    {.what = "smallest image", .input = {3, 2, 2, 32}},
    {.what = "leaky", .input = {1, 6, 10, 32}, .activation = Activation::leaky_relu},
    {.what = "no activation", .input = {1, 6, 10, 32}, .activation = Activation::none},
    {.what = "32 > 64", .input = {2, 4, 66, 32}, .channels = 64},
    {.what = "64 channels", .input = {1, 18, 66, 64}, .channels = 64},
    {.what = "64 > 128", .input = {2, 4, 20, 64}, .channels = 128},
    {.what = "128 channels", .input = {1, 6, 10, 128}, .channels = 128},
    {.what = "64 > 192", .input = {1, 4, 6, 64}, .channels = 192},
    {.what = "128 channels, wide image", .input = {1, 2, 66, 128}, .channels = 128},
    {.what = "256 > 64", .input = {1, 18, 10, 256}, .channels = 64},
    {.what = "192 > 128, smallest images", .input = {3, 2, 2, 192}, .channels = 128},
    {.what = "256 > 128, leaky",
     .input = {1, 34, 2, 256},
     .channels = 128,
     .activation = Activation::leaky_relu},
    {.what = "not for own kernels", .input = {1, 4, 6, 64}, .channels = 144},
    {.what = "192 > 64, odd sizes", .input = {1, 13, 9, 192}, .channels = 64},
    {.what = "odd sizes", .input = {1, 13, 67, 32}},
    {.what = "one row", .input = {1, 1, 9, 32}},
};

// The slope of a leaky activation is rounded in one way or another, and large sums are, in
// bfloat16.
constexpr double rounding_limit = 5e-3;

void check_integers(const Found& found, const Found& expected, const Case& c) {
  const auto agrees = [&](const std::vector<float>& f, const std::vector<float>& e) {
    if (c.activation == Activation::leaky_relu)
      CHECK(relative_difference(f, e) < rounding_limit);
    else
      CHECK(difference(f, e) == "");
  };
  agrees(found.output, expected.output);
  CHECK(difference(found.pooled, maxima(found.output, output_of(c))) == "");
  CHECK(std::all_of(
      found.around.begin(), found.around.end(), [](float value) { return value == untouched; }));
  agrees(found.output_gradient, expected.output_gradient);
  agrees(found.input_gradient, expected.input_gradient);
  REQUIRE(found.parameter_gradients.size() == expected.parameter_gradients.size());
  for (std::size_t i = 0; i < found.parameter_gradients.size(); ++i)
    CHECK(relative_difference(found.parameter_gradients[i], expected.parameter_gradients[i]) <
          rounding_limit);
}

void check_normal(Backend& backend, Backend& reference, const Case& c) {
  const Found found = Pooled(backend, c, Values::normal).run(true);
  Pooled expected(reference, c, Values::normal);
  const bool is_float32 = backend.compute_type() == DataType::float32;
  CHECK(relative_difference(found.output, expected.run(false, false).output) <
        (is_float32 ? 2e-5 : 1e-2));
  CHECK(difference(found.pooled, maxima(found.output, output_of(c))) == "");
  // Of this output: rounded values have their maxima elsewhere.
  if (is_even(c))
    CHECK(relative_difference(found.output_gradient, expected.output_gradient(found.output)) <
          (is_float32 ? 1e-6 : rounding_limit));
}

void check(Backend& backend) {
  auto reference =
      make_backend({.kind = DeviceKind::reference, .compute_type = backend.compute_type()});
  for (const Case& c : cases) {
    if (!is_wanted(backend.compute_type(), 3, c.input.channels, c.channels))
      continue;
    INFO(c.what);
    const Found expected = Pooled(*reference, c, Values::integers).run(false);
    for (const bool keeps_record : {false, true}) {
      INFO("keeps a record: " << keeps_record);
      check_integers(Pooled(backend, c, Values::integers).run(keeps_record), expected, c);
    }
    check_normal(backend, *reference, c);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("pooled convolutions agree with the reference",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (backend)
    check(*backend);
}

TEMPLATE_TEST_CASE("pooled convolutions by own kernels agree with the reference",
                   "",
                   CudaBFloat16) {
  const WithKernels own("own");
  auto backend = make_test_backend<TestType>();
  if (backend)
    check(*backend);
}

TEMPLATE_TEST_CASE("pooled convolutions by cuDNN agree with the reference", "", CudaBFloat16) {
  const WithKernels cudnn("cudnn");
  auto backend = make_test_backend<TestType>();
  if (backend)
    check(*backend);
}

TEMPLATE_TEST_CASE("pooled convolutions: several images of odd sizes are refused",
                   "",
                   CpuFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const Case c{.what = "odd", .input = {2, 13, 67, 32}};
  CHECK_THROWS_WITH(Pooled(*backend, c, Values::integers).run(false), "pooling 2 odd images");
}

TEMPLATE_TEST_CASE("pooled convolutions: the gradient of an image of odd size is refused",
                   "",
                   CpuFloat32,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const ResampleDesc desc{
      .input = {1, 6, 9, 32}, .input_type = TestType::type, .output_type = TestType::type};
  const Tensor values = backend->allocate_tensor(desc.input, TestType::type);
  const Tensor pooled = backend->allocate_tensor(desc.output(), TestType::type);
  CHECK_THROWS_WITH(backend->make_resample(desc)->backward(values, pooled, values),
                    "the gradient of a pool of odd images");
}
