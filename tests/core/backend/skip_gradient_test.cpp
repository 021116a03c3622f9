#include "core/backend/backend.h"
#include "core/backend/input_pair.h"
#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/problem_sizes.h"
#include "tests/support/tensors.h"

#include <string>

using namespace limpid;
using namespace limpid::test;

// The gradients of a decoder's first convolution, whose second input is pooled, too: both parts of
// what arrives there, in one go where the backend joins them, else one after the other. Whole
// numbers give the same results whatever the order of sums, and many equal maxima.
namespace {

struct Case {
  std::string what;
  Shape upsampled;
  std::int64_t skipped = 32;
  std::int64_t outputs = 32;
  Activation activation = Activation::relu;
};

struct Found {
  std::vector<float> first_gradient, second_gradient;
  std::vector<std::vector<float>> parameter_gradients;
};

constexpr float untouched = 7.0f;

class Decoder {
 public:
  Decoder(Backend& backend, const Case& c)
      : backend_(backend),
        maker_desc_(describe(c.upsampled, c.skipped, c.activation, 0)),
        desc_(describe(c.upsampled, c.outputs, c.activation, 2)),
        parameters_(backend,
                    {{"weight0", {c.skipped, c.upsampled.channels, 3, 3}},
                     {"bias0", {c.skipped}},
                     {"weight1", {c.outputs, c.upsampled.channels + c.skipped, 3, 3}},
                     {"bias1", {c.outputs}}}) {
    maker_desc_.pool_output = true;
    desc_.second_channels = c.skipped;
    desc_.second_activation = c.activation;
    std::vector<std::vector<float>> values;
    for (const ParameterSpec& spec : parameters_.specs())
      values.push_back(random_integers(
          spec.element_count(), values.size() + 1, 1, spec.shape.size() > 1 ? few_taps(spec) : 1));
    parameters_.set_values(values);
    maker_ = backend_.make_conv2d(maker_desc_, parameters_);
    convolution_ = backend_.make_conv2d(desc_, parameters_);
  }

  bool can_join() const { return convolution_->joins_skip(); }

  Found run(bool joins) {
    Arena arena;
    const InputPair inputs = plan_input_pair(arena, backend_, desc_.input, desc_.second_channels);
    InputPair gradients = plan_input_pair(arena, backend_, desc_.input, desc_.second_channels);
    arena.bind([&](std::size_t size) { return backend_.allocate(size); });
    if (joins)
      gradients = {tensor(desc_.input), tensor(maker_desc_.output()), false};

    const auto record_words = static_cast<std::int64_t>((maker_->record_bytes() + 3) / 4);
    const Conv2d::Forward maker_values{
        .input = tensor(maker_desc_.input, 11),
        .second = {},
        .output = inputs.second,
        .pooled = tensor(maker_desc_.pooled()),
        .record = record_words > 0
                      ? backend_.allocate_tensor({1, 1, 1, record_words}, DataType::float32)
                      : Tensor()};
    maker_->forward(maker_values);
    fill(inputs.first, 12);
    const Conv2d::Forward values{
        .input = inputs.first, .second = inputs.second, .output = {}, .pooled = {}};
    const Conv2d::Backward own{.output_gradient = tensor(desc_.output(), 13),
                               .pooled_gradient = {},
                               .input_gradient = gradients.first,
                               .second_gradient = joins ? Tensor() : gradients.second};
    const Tensor pooled_gradient = tensor(maker_desc_.pooled(), 14);
    poison_gradients(backend_, parameters_);
    convolution_->backward(values, own);
    if (joins) {
      convolution_->skip_backward(values,
                                  {.output_gradient = own.output_gradient,
                                   .pooled_gradient = pooled_gradient,
                                   .pool_record = maker_values.record,
                                   .second_gradient = gradients.second});
    } else {
      backend_.make_resample(pool_of(maker_desc_))
          ->backward(inputs.second, pooled_gradient, gradients.second);
    }
    return {values_of(backend_, gradients.first),
            values_of(backend_, gradients.second),
            parameters_.gradients()};
  }

 private:
  Conv2dDesc describe(const Shape& input,
                      std::int64_t outputs,
                      Activation activation,
                      std::size_t weight) const {
    return {.input = input,
            .output_channels = outputs,
            .activation = activation,
            .input_type = backend_.compute_type(),
            .output_type = backend_.compute_type(),
            .weight = weight,
            .bias = weight + 1};
  }
  // The share of weights that are not 0, so that sums stay small.
  static double few_taps(const ParameterSpec& spec) {
    return 12.0 * static_cast<double>(spec.shape[0]) / static_cast<double>(spec.element_count());
  }
  void fill(const Tensor& to, std::uint64_t stream) const {
    const std::int64_t count = to.shape().element_count();
    const auto values = stream > 0 ? random_integers(count, stream, 2)
                                   : std::vector<float>(static_cast<std::size_t>(count), untouched);
    backend_.upload(values, to);
    backend_.synchronize();
  }
  // Of random values, or of one that shows where nothing was written.
  Tensor tensor(const Shape& shape, std::uint64_t stream = 0) const {
    const Tensor result = backend_.allocate_tensor(shape, backend_.compute_type());
    fill(result, stream);
    return result;
  }

  Backend& backend_;
  Conv2dDesc maker_desc_;
  Conv2dDesc desc_;
  Parameters parameters_;
  std::unique_ptr<Conv2d> maker_;
  std::unique_ptr<Conv2d> convolution_;
};

const Case cases[] = {
    {.what = "32 + 32", .upsampled = {2, 18, 70, 32}},
    {.what = "smallest image", .upsampled = {3, 2, 2, 32}},
    {.what = "64 + 64", .upsampled = {1, 4, 66, 64}, .skipped = 64, .outputs = 64},
    {.what = "128 + 64", .upsampled = {1, 4, 20, 128}, .skipped = 64, .outputs = 64},
    {.what = "128 + 128", .upsampled = {1, 2, 66, 128}, .skipped = 128, .outputs = 128},
    {.what = "128 + 128, narrow", .upsampled = {1, 4, 4, 128}, .skipped = 128, .outputs = 128},
    {.what = "not for own kernels", .upsampled = {1, 4, 6, 64}, .skipped = 64, .outputs = 144},
    {.what = "64 + 64 > 192", .upsampled = {1, 4, 6, 64}, .skipped = 64, .outputs = 192},
    {.what = "256 + 256", .upsampled = {1, 18, 2, 256}, .skipped = 256, .outputs = 256},
    {.what = "192 + 64, leaky",
     .upsampled = {2, 2, 10, 192},
     .skipped = 64,
     .outputs = 128,
     .activation = Activation::leaky_relu},
    {.what = "leaky", .upsampled = {1, 6, 10, 32}, .activation = Activation::leaky_relu},
    {.what = "no activation", .upsampled = {1, 6, 10, 32}, .activation = Activation::none},
    {.what = "32 + 64", .upsampled = {2, 4, 66, 32}, .skipped = 64},
};

// The slope of a leaky activation is rounded in one way or another, and large sums are, in
// bfloat16.
constexpr double rounding_limit = 5e-3;

void check(Backend& backend) {
  auto reference =
      make_backend({.kind = DeviceKind::reference, .compute_type = backend.compute_type()});
  for (const Case& c : cases) {
    if (!is_wanted(backend.compute_type(), 3, c.upsampled.channels + c.skipped, c.outputs))
      continue;
    INFO(c.what);
    const Found expected = Decoder(*reference, c).run(false);
    const auto agrees = [&](const std::vector<float>& f, const std::vector<float>& e) {
      if (c.activation == Activation::leaky_relu)
        CHECK(relative_difference(f, e) < rounding_limit);
      else
        CHECK(difference(f, e) == "");
    };
    Decoder decoder(backend, c);
    for (const bool joins : {false, true}) {
      if (joins && !decoder.can_join())
        continue;
      INFO("joins: " << joins);
      const Found found = decoder.run(joins);
      agrees(found.first_gradient, expected.first_gradient);
      agrees(found.second_gradient, expected.second_gradient);
      for (const std::size_t i : {2u, 3u})
        CHECK(relative_difference(found.parameter_gradients[i], expected.parameter_gradients[i]) <
              rounding_limit);
    }
  }
}

}  // namespace

TEST_CASE("gradients at a skip connection: the reference joins them as it adds them") {
  auto backend = make_backend({.kind = DeviceKind::reference, .compute_type = DataType::bfloat16});
  REQUIRE(Decoder(*backend, cases[0]).can_join());
  check(*backend);
}

TEMPLATE_TEST_CASE("gradients at a skip connection agree with the reference",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (backend)
    check(*backend);
}

TEMPLATE_TEST_CASE("gradients at a skip connection by own kernels agree with the reference",
                   "",
                   CudaBFloat16) {
  const WithKernels own("own");
  auto backend = make_test_backend<TestType>();
  if (backend)
    check(*backend);
}
