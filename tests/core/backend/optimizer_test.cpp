#include "core/backend/backend.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"

using namespace limpid;
using namespace limpid::test;

TEMPLATE_TEST_CASE("ops: the loss is the weighted mean squared error and its gradient",
                   "",
                   CpuFloat32,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  for (const Shape& shape : {Shape{3, 40, 56, 1}, Shape{1, 1, 1, 1}, Shape{2, 701, 333, 1}}) {
    auto loss = backend->make_loss({.prediction = shape});
    const Tensor prediction = backend->allocate_tensor(shape, DataType::float32);
    const Tensor target = backend->allocate_tensor(shape, DataType::float32);
    const Tensor gradient = backend->allocate_tensor(shape, DataType::float32);
    const Tensor weight = backend->allocate_tensor({1, 1, 1, shape.batch}, DataType::float32);
    const auto p = random_values(shape.element_count(), 1);
    const auto t = random_values(shape.element_count(), 2);
    const std::vector<float> w = {0.5f, 2.0f, 1.0f};
    backend->upload(p, prediction);
    backend->upload(t, target);
    backend->upload(std::span(w).first(static_cast<std::size_t>(shape.batch)), weight);
    poison(*backend, gradient);
    loss->evaluate(prediction, target, weight, gradient);
    double expected = 0, unweighted = 0;
    std::vector<float> expected_gradient;
    const auto per_image = static_cast<std::size_t>(shape.element_count() / shape.batch);
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double d = static_cast<double>(p[i]) - static_cast<double>(t[i]);
      const double image_weight = w[i / per_image];
      expected += image_weight * d * d / static_cast<double>(p.size());
      unweighted += d * d / static_cast<double>(p.size());
      expected_gradient.push_back(
          static_cast<float>(2 * image_weight * d / static_cast<double>(p.size())));
    }
    CHECK(loss->value() == Approx(expected).epsilon(1e-5));
    CHECK(relative_difference(values_of(*backend, gradient), expected_gradient) < 1e-6);
    loss->evaluate(prediction, target, Tensor(), gradient);
    CHECK(loss->value() == Approx(unweighted).epsilon(1e-5));
    // A weight for each pixel, most of them 0.
    const Tensor pixel_weight = backend->allocate_tensor(shape, DataType::float32);
    std::vector<float> spots(p.size(), 0.0f);
    double expected_of_spots = 0;
    for (std::size_t i = 0; i < spots.size(); i += 7) {
      spots[i] = static_cast<float>(1 + i % 3);
      const double d = static_cast<double>(p[i]) - static_cast<double>(t[i]);
      expected_of_spots += static_cast<double>(spots[i]) * d * d / static_cast<double>(p.size());
    }
    backend->upload(spots, pixel_weight);
    poison(*backend, gradient);
    loss->evaluate(prediction, target, pixel_weight, gradient);
    CHECK(loss->value() == Approx(expected_of_spots).epsilon(1e-5));
    const auto g_of_spots = values_of(*backend, gradient);
    for (std::size_t i = 0; i < spots.size(); ++i)
      if (spots[i] == 0)
        REQUIRE(g_of_spots[i] == 0);
    CHECK(static_cast<double>(g_of_spots[0]) * static_cast<double>(p.size()) ==
          Approx(2 * (static_cast<double>(p[0]) - static_cast<double>(t[0]))).margin(1e-5));
  }
}

namespace {

struct AdamRun {
  std::vector<float> values, first_moment, second_moment, average;
};

// Three steps in double precision, written from the paper's formulas.
AdamRun expected_adam(std::vector<float> start,
                      const std::vector<float>& gradient,
                      const AdamDesc& desc,
                      double rate) {
  std::vector<double> x(start.begin(), start.end()), m(x.size()), v(x.size()), average(x);
  double norm = 0;
  for (const float g : gradient)
    norm += static_cast<double>(g) * static_cast<double>(g);
  const double limit = desc.max_gradient_norm;
  const double clip = limit > 0 ? std::min(1.0, limit / (std::sqrt(norm) + 1e-6)) : 1.0;
  for (int step = 1; step <= 3; ++step)
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double b1 = desc.beta1, b2 = desc.beta2, decay = 0.9f;
      const double g = clip * static_cast<double>(gradient[i]);
      m[i] = b1 * m[i] + (1 - b1) * g;
      v[i] = b2 * v[i] + (1 - b2) * g * g;
      const double m_hat = m[i] / (1 - std::pow(b1, step));
      const double v_hat = v[i] / (1 - std::pow(b2, step));
      x[i] -= rate * m_hat / (std::sqrt(v_hat) + static_cast<double>(desc.epsilon));
      average[i] = decay * average[i] + (1 - decay) * x[i];
    }
  const auto to_float = [](const std::vector<double>& d) {
    return std::vector<float>(d.begin(), d.end());
  };
  return {to_float(x), to_float(m), to_float(v), to_float(average)};
}

}  // namespace

TEMPLATE_TEST_CASE(
    "ops: Adam follows the published update", "", CpuFloat32, CudaFloat32, CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const struct {
    float clip;
    std::int64_t outputs;  // of a convolution with 5 inputs
  } cases[] = {{0.0f, 3}, {0.7f, 3}, {0.7f, 2003}};
  for (const auto& [clip, outputs] : cases) {
    INFO(outputs << " outputs");
    const AdamDesc desc{.max_gradient_norm = clip, .keeps_average = true};
    Parameters parameters(*backend, {{"a.weight", {outputs, 5, 3, 3}}, {"a.bias", {outputs}}});
    const std::int64_t weights = outputs * 5 * 3 * 3;
    const auto weight = random_values(weights, 1);
    const auto bias = random_values(outputs, 2);
    const auto weight_gradient = rounded_to(backend->weight_type(), random_values(weights, 3));
    const auto bias_gradient = rounded_to(backend->weight_type(), random_values(outputs, 4));
    parameters.set_values({weight, bias});
    auto adam = backend->make_adam(desc, parameters);
    for (int step = 1; step <= 3; ++step) {
      parameters.pack({weight_gradient, bias_gradient}, parameters.gradient());
      adam->prepare_step({.number = step, .learning_rate = 0.01f, .average_decay = 0.9f});
      adam->step();
    }
    std::vector<float> start = weight, gradient = weight_gradient;
    start.insert(start.end(), bias.begin(), bias.end());
    gradient.insert(gradient.end(), bias_gradient.begin(), bias_gradient.end());
    const AdamRun expected = expected_adam(start, gradient, desc, 0.01);
    const auto joined = [&](const Tensor& flat) {
      auto parts = parameters.unpack(flat);
      parts[0].insert(parts[0].end(), parts[1].begin(), parts[1].end());
      return parts[0];
    };
    CHECK(relative_difference(joined(parameters.value()), expected.values) < 1e-6);
    CHECK(relative_difference(joined(adam->first_moment()), expected.first_moment) < 1e-5);
    CHECK(relative_difference(joined(adam->second_moment()), expected.second_moment) < 1e-5);
    CHECK(relative_difference(joined(adam->average()), expected.average) < 1e-6);
    const double rounding = backend->weight_type() == DataType::float32 ? 1e-6 : 4e-3;
    CHECK(relative_difference(joined(parameters.working_copy()), expected.values) < rounding);
  }
}
