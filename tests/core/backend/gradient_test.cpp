#include "core/backend/backend.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"

#include <functional>
#include <numeric>

using namespace limpid;
using namespace limpid::test;

// The reference backend's gradients against central differences of L = sum of output * r for random
// r. A gradient tensor refers to values before their activation, so r is multiplied by the
// derivative where an activation follows.
namespace {

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// Compares `gradient` with differences of `loss` for every `stride`-th element of `at`.
void check_gradient(std::vector<float> at,
                    const std::vector<float>& gradient,
                    const std::function<double(const std::vector<float>&)>& loss,
                    std::size_t stride) {
  constexpr float step =
      1e-2f;  // the functions are piecewise linear: a large step costs no accuracy
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < at.size(); i += stride) {
    const float before = at[i];
    at[i] = before + step;
    const double above = loss(at);
    at[i] = before - step;
    const double below = loss(at);
    at[i] = before;
    const double numeric = (above - below) / (2 * static_cast<double>(step));
    difference += std::pow(numeric - static_cast<double>(gradient[i]), 2);
    norm += numeric * numeric;
  }
  CHECK(norm > 0);
  CHECK(std::sqrt(difference / norm) < 2e-3);
}

}  // namespace

TEST_CASE("gradients: conv2d with two inputs agrees with finite differences") {
  auto backend = make_backend({.kind = DeviceKind::reference});
  const Conv2dDesc desc{
      .input = {2, 5, 6, 3}, .second_channels = 2, .output_channels = 4, .weight = 0, .bias = 1};
  Parameters parameters(*backend, {{"w", {4, 5, 3, 3}}, {"b", {4}}});
  const auto w = random_values(180, 1, 0.2);
  const auto b = random_values(4, 2);
  auto convolution = backend->make_conv2d(desc, parameters);
  Shape second_shape = desc.input;
  second_shape.channels = 2;
  const auto tensor = [&](const Shape& shape) {
    return backend->allocate_tensor(shape, DataType::float32);
  };
  const Conv2d::Forward values{
      tensor(desc.input), tensor(second_shape), tensor(desc.output()), Tensor()};
  const Conv2d::Backward gradients{
      tensor(desc.output()), Tensor(), tensor(desc.input), tensor(second_shape)};
  const auto x = random_values(desc.input.element_count(), 3);
  const auto x2 = random_values(second_shape.element_count(), 4);
  const auto r = random_values(desc.output().element_count(), 5);
  const auto loss = [&](const std::vector<float>& w_,
                        const std::vector<float>& b_,
                        const std::vector<float>& x_,
                        const std::vector<float>& x2_) {
    parameters.set_values({w_, b_});
    backend->upload(x_, values.input);
    backend->upload(x2_, values.second);
    convolution->forward(values);
    return dot(values_of(*backend, values.output), r);
  };
  loss(w, b, x, x2);
  backend->upload(r, gradients.output_gradient);
  convolution->backward(values, gradients);
  const auto parameter_gradients = parameters.gradients();
  const auto x_gradient = values_of(*backend, gradients.input_gradient);
  const auto x2_gradient = values_of(*backend, gradients.second_gradient);
  check_gradient(
      w, parameter_gradients[0], [&](const auto& v) { return loss(v, b, x, x2); }, 7);
  check_gradient(
      b, parameter_gradients[1], [&](const auto& v) { return loss(w, v, x, x2); }, 1);
  check_gradient(
      x, x_gradient, [&](const auto& v) { return loss(w, b, v, x2); }, 5);
  check_gradient(
      x2, x2_gradient, [&](const auto& v) { return loss(w, b, x, v); }, 5);
}

TEST_CASE("gradients: two convolutions with ReLU and pool agree with finite differences") {
  auto backend = make_backend({.kind = DeviceKind::reference});
  const Conv2dDesc first{.input = {1, 6, 8, 2},
                         .output_channels = 3,
                         .activation = Activation::relu,
                         .pool_output = true,
                         .weight = 0,
                         .bias = 1};
  const Conv2dDesc second{.input = first.pooled(), .output_channels = 2, .weight = 2, .bias = 3};
  Parameters parameters(*backend,
                        {{"w1", {3, 2, 3, 3}}, {"b1", {3}}, {"w2", {2, 3, 3, 3}}, {"b2", {2}}});
  const std::vector<std::vector<float>> weights = {
      random_values(54, 1), random_values(3, 2), random_values(54, 3), random_values(2, 4)};
  auto conv1 = backend->make_conv2d(first, parameters);
  auto conv2 = backend->make_conv2d(second, parameters);
  const auto tensor = [&](const Shape& shape) {
    return backend->allocate_tensor(shape, DataType::float32);
  };
  const Conv2d::Forward v1{
      tensor(first.input), Tensor(), tensor(first.output()), tensor(first.pooled())};
  const Conv2d::Forward v2{v1.pooled, Tensor(), tensor(second.output()), Tensor()};
  const Conv2d::Backward g1{
      tensor(first.output()), tensor(first.pooled()), tensor(first.input), Tensor()};
  const Conv2d::Backward g2{tensor(second.output()), Tensor(), g1.pooled_gradient, Tensor()};
  const auto x = random_values(first.input.element_count(), 5);
  const auto r2 = random_values(second.output().element_count(), 6);
  const auto r1 = random_values(first.output().element_count(), 7);  // the skip connection's share
  const auto loss = [&](const std::vector<std::vector<float>>& w_, const std::vector<float>& x_) {
    parameters.set_values(w_);
    backend->upload(x_, v1.input);
    conv1->forward(v1);
    conv2->forward(v2);
    return dot(values_of(*backend, v2.output), r2) + dot(values_of(*backend, v1.output), r1);
  };
  loss(weights, x);
  backend->upload(r2, g2.output_gradient);
  backend->upload(r1, g1.output_gradient);
  conv2->backward(v2, g2);
  conv1->backward(v1, g1);
  const auto gradients = parameters.gradients();
  const auto x_gradient = values_of(*backend, g1.input_gradient);
  for (std::size_t p = 0; p < 4; ++p) {
    auto changed = weights;
    check_gradient(
        weights[p],
        gradients[p],
        [&](const auto& v) {
          changed[p] = v;
          return loss(changed, x);
        },
        1);
  }
  check_gradient(
      x, x_gradient, [&](const auto& v) { return loss(weights, v); }, 1);
}

TEST_CASE("gradients: conv_transpose2d agrees with finite differences") {
  auto backend = make_backend({.kind = DeviceKind::reference});
  const ConvTranspose2dDesc desc{
      .input = {1, 3, 4, 3}, .output_channels = 2, .weight = 0, .bias = 1};
  Parameters parameters(*backend, {{"w", {3, 2, 2, 2}}, {"b", {2}}});
  const auto w = random_values(24, 1);
  const auto b = random_values(2, 2);
  auto upsample = backend->make_conv_transpose2d(desc, parameters);
  const auto tensor = [&](const Shape& shape) {
    return backend->allocate_tensor(shape, DataType::float32);
  };
  const Tensor input = tensor(desc.input), output = tensor(desc.output()),
               gradient = tensor(desc.output()), input_gradient = tensor(desc.input);
  const auto x = random_values(desc.input.element_count(), 3);
  const auto r = random_values(desc.output().element_count(), 4);
  const auto loss = [&](const auto& w_, const auto& b_, const auto& x_) {
    parameters.set_values({w_, b_});
    backend->upload(x_, input);
    upsample->forward(input, output);
    return dot(values_of(*backend, output), r);
  };
  loss(w, b, x);
  backend->upload(r, gradient);
  upsample->backward(input, gradient, input_gradient);
  const auto gradients = parameters.gradients();
  const auto x_gradient = values_of(*backend, input_gradient);
  check_gradient(
      w, gradients[0], [&](const auto& v) { return loss(v, b, x); }, 1);
  check_gradient(
      b, gradients[1], [&](const auto& v) { return loss(w, v, x); }, 1);
  check_gradient(
      x, x_gradient, [&](const auto& v) { return loss(w, b, v); }, 1);
}

TEST_CASE("gradients: resampling agrees with finite differences") {
  auto backend = make_backend({.kind = DeviceKind::reference});
  for (const ResampleKind kind : {ResampleKind::max_pool,
                                  ResampleKind::upsample_nearest,
                                  ResampleKind::space_to_depth,
                                  ResampleKind::depth_to_space}) {
    const ResampleDesc desc{.kind = kind, .input = {2, 4, 6, 4}};
    auto resample = backend->make_resample(desc);
    const auto tensor = [&](const Shape& shape) {
      return backend->allocate_tensor(shape, DataType::float32);
    };
    const Tensor input = tensor(desc.input), output = tensor(desc.output()),
                 gradient = tensor(desc.output()), input_gradient = tensor(desc.input);
    const auto x = random_values(desc.input.element_count(), 1);
    const auto r = random_values(desc.output().element_count(), 2);
    const auto loss = [&](const std::vector<float>& x_) {
      backend->upload(x_, input);
      resample->forward(input, output);
      return dot(values_of(*backend, output), r);
    };
    loss(x);
    backend->upload(r, gradient);
    resample->backward(input, gradient, input_gradient);
    check_gradient(x, values_of(*backend, input_gradient), loss, 3);
  }
}
