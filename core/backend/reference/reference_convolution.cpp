#include "core/backend/activation.h"
#include "core/backend/reference/elements.h"
#include "core/backend/reference/reference_backend.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <vector>

namespace limpid::reference {
namespace {

// Values of one parameter as the operations see them: rounded in a bfloat16 network.
std::vector<double> parameter(const Parameters& parameters, std::size_t index, DataType type) {
  const std::int64_t count = parameters.specs()[index].element_count();
  const float* values = parameters.value().data_as<float>() + parameters.offset(index);
  std::vector<double> rounded(values, values + count);
  if (type == DataType::bfloat16)
    for (double& value : rounded)
      value = static_cast<float>(BFloat16(static_cast<float>(value)));
  return rounded;
}

void store_gradient(const Parameters& parameters,
                    std::size_t index,
                    const std::vector<double>& sums) {
  std::copy(
      sums.begin(), sums.end(), parameters.gradient().data_as<float>() + parameters.offset(index));
}

class ReferenceConv2d : public Conv2d {
 public:
  ReferenceConv2d(const Conv2dDesc& desc, DataType type, Parameters& parameters)
      : desc_(desc), type_(type), parameters_(parameters) {}

  void fuse_pool(std::unique_ptr<Resample> pool) { pool_ = std::move(pool); }
  void join_skip(std::unique_ptr<Resample> pool) { skip_pool_ = std::move(pool); }

  void forward(const Forward& values) override {
    const Shape out = desc_.output();
    const auto weight = parameter(parameters_, desc_.weight, type_);
    const auto bias = parameter(parameters_, desc_.bias, type_);
    const Input input(values, desc_);
    const Elements output(values.output);
    for_each_row(out, [&](std::int64_t n, std::int64_t y) {
      for (std::int64_t x = 0; x < out.width; ++x)
        for (std::int64_t o = 0; o < out.channels; ++o) {
          double sum = bias[static_cast<std::size_t>(o)];
          for_each_tap(y, x, [&](std::int64_t y_in, std::int64_t x_in, std::int64_t tap) {
            for (std::int64_t i = 0; i < channels(); ++i)
              sum += static_cast<double>(input.get(n, y_in, x_in, i)) * weight[at(o, tap, i)];
          });
          output.set(n, y, x, o, activate(desc_.activation, static_cast<float>(sum)));
        }
    });
    if (pool_)
      pool_->forward(values.output, values.pooled);
  }

  void backward(const Forward& values, const Backward& gradients) override {
    if (!gradients.pooled_gradient.empty())
      pool_->backward(values.output, gradients.pooled_gradient, gradients.output_gradient);
    weight_gradient(values, gradients);
    if (desc_.needs_input_gradient || desc_.second_channels > 0)
      input_gradient(values, gradients);
  }

  bool joins_skip() const override { return skip_pool_ != nullptr; }

  void skip_backward(const Forward& values, const SkipBackward& gradients) override {
    input_gradient(values,
                   {.output_gradient = gradients.output_gradient,
                    .pooled_gradient = {},
                    .input_gradient = {},
                    .second_gradient = gradients.second_gradient});
    skip_pool_->backward(values.second, gradients.pooled_gradient, gradients.second_gradient);
  }

 private:
  // The channels of both inputs as one.
  class Input {
   public:
    Input(const Forward& values, const Conv2dDesc& desc)
        : first_channels_(desc.input.channels),
          first_(values.input),
          second_(desc.second_channels > 0 ? values.second : values.input) {}
    float get(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t i) const {
      return i < first_channels_ ? first_.get(n, y, x, i)
                                 : second_.get(n, y, x, i - first_channels_);
    }

   private:
    std::int64_t first_channels_;
    Elements first_;
    Elements second_;
  };

  std::int64_t channels() const { return desc_.input.channels + desc_.second_channels; }
  std::int64_t taps() const { return desc_.kernel_size * desc_.kernel_size; }
  std::size_t at(std::int64_t o, std::int64_t tap, std::int64_t i) const {
    return static_cast<std::size_t>((o * taps() + tap) * channels() + i);
  }

  template <class Visit>
  static void for_each_row(const Shape& shape, const Visit& visit) {
    parallel_for(shape.batch * shape.height, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row)
        visit(row / shape.height, row % shape.height);
    });
  }

  // Visits the input pixels under the kernel around (y, x) that lie inside the image.
  template <class Visit>
  void for_each_tap(std::int64_t y, std::int64_t x, const Visit& visit) const {
    const std::int64_t k = desc_.kernel_size;
    for (std::int64_t r = 0; r < k; ++r)
      for (std::int64_t s = 0; s < k; ++s) {
        const std::int64_t y_in = y + r - k / 2;
        const std::int64_t x_in = x + s - k / 2;
        if (y_in >= 0 && y_in < desc_.input.height && x_in >= 0 && x_in < desc_.input.width)
          visit(y_in, x_in, r * k + s);
      }
  }

  void weight_gradient(const Forward& values, const Backward& gradients) {
    const Shape out = desc_.output();
    const Input input(values, desc_);
    const Elements output_gradient(gradients.output_gradient);
    std::vector<double> weight_sums(static_cast<std::size_t>(out.channels * taps() * channels()),
                                    0.0);
    std::vector<double> bias_sums(static_cast<std::size_t>(out.channels), 0.0);
    parallel_for(out.channels, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = 0; row < out.batch * out.height; ++row)
        for (std::int64_t x = 0; x < out.width; ++x)
          for (std::int64_t o = begin; o < end; ++o) {
            const std::int64_t n = row / out.height;
            const double g = output_gradient.get(n, row % out.height, x, o);
            bias_sums[static_cast<std::size_t>(o)] += g;
            for_each_tap(
                row % out.height, x, [&](std::int64_t y_in, std::int64_t x_in, std::int64_t tap) {
                  for (std::int64_t i = 0; i < channels(); ++i)
                    weight_sums[at(o, tap, i)] +=
                        g * static_cast<double>(input.get(n, y_in, x_in, i));
                });
          }
    });
    store_gradient(parameters_, desc_.weight, weight_sums);
    store_gradient(parameters_, desc_.bias, bias_sums);
  }

  // A correlation with the flipped kernel: input pixel (y, x) reached output (y - r + k/2, x - s +
  // k/2).
  void input_gradient(const Forward& values, const Backward& gradients) {
    const Shape in = desc_.input;
    const auto weight = parameter(parameters_, desc_.weight, type_);
    const Elements output_gradient(gradients.output_gradient);
    for_each_row(in, [&](std::int64_t n, std::int64_t y) {
      for (std::int64_t x = 0; x < in.width; ++x)
        for (std::int64_t i = 0; i < channels(); ++i) {
          double sum = 0;
          for_each_tap(y, x, [&](std::int64_t y_out, std::int64_t x_out, std::int64_t tap) {
            for (std::int64_t o = 0; o < desc_.output_channels; ++o)
              sum += static_cast<double>(output_gradient.get(n, y_out, x_out, o)) *
                     weight[at(o, taps() - 1 - tap, i)];
          });
          if (i >= in.channels && !gradients.second_gradient.empty())
            Elements(gradients.second_gradient).set(n, y, x, i - in.channels, sum);
          if (i < in.channels && !gradients.input_gradient.empty())
            Elements(gradients.input_gradient)
                .set(n,
                     y,
                     x,
                     i,
                     sum * static_cast<double>(activation_derivative(
                               desc_.input_activation, Elements(values.input).get(n, y, x, i))));
        }
    });
  }

  Conv2dDesc desc_;
  DataType type_;
  Parameters& parameters_;
  std::unique_ptr<Resample> pool_;
  std::unique_ptr<Resample> skip_pool_;  // of the second input
};

class ReferenceConvTranspose2d : public ConvTranspose2d {
 public:
  ReferenceConvTranspose2d(const ConvTranspose2dDesc& desc, Parameters& parameters)
      : desc_(desc), parameters_(parameters) {}

  void forward(const Tensor& input, const Tensor& output) override {
    const auto weight = parameter(parameters_, desc_.weight, desc_.type);
    const auto bias = parameter(parameters_, desc_.bias, desc_.type);
    const Elements in(input), out(output);
    for_each_element(
        desc_.output(), [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t o) {
          double sum = bias[static_cast<std::size_t>(o)];
          for (std::int64_t i = 0; i < desc_.input.channels; ++i)
            sum += static_cast<double>(in.get(n, y / 2, x / 2, i)) * weight[at(i, y, x, o)];
          out.set(n, y, x, o, sum);
        });
  }

  void backward(const Tensor& input,
                const Tensor& output_gradient,
                const Tensor& input_gradient) override {
    const auto weight = parameter(parameters_, desc_.weight, desc_.type);
    std::vector<double> weight_sums(weight.size(), 0.0);
    std::vector<double> bias_sums(static_cast<std::size_t>(desc_.output_channels), 0.0);
    const Elements in(input), g_out(output_gradient);
    for_each_element(
        desc_.output(), [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t o) {
          const double g = g_out.get(n, y, x, o);
          bias_sums[static_cast<std::size_t>(o)] += g;
          for (std::int64_t i = 0; i < desc_.input.channels; ++i)
            weight_sums[at(i, y, x, o)] += g * static_cast<double>(in.get(n, y / 2, x / 2, i));
        });
    store_gradient(parameters_, desc_.weight, weight_sums);
    store_gradient(parameters_, desc_.bias, bias_sums);
    if (input_gradient.empty())
      return;
    const Elements g_in(input_gradient);
    for_each_element(desc_.input,
                     [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t i) {
                       double sum = 0;
                       for (std::int64_t y_out = 2 * y; y_out < 2 * y + 2; ++y_out)
                         for (std::int64_t x_out = 2 * x; x_out < 2 * x + 2; ++x_out)
                           for (std::int64_t o = 0; o < desc_.output_channels; ++o)
                             sum += static_cast<double>(g_out.get(n, y_out, x_out, o)) *
                                    weight[at(i, y_out, x_out, o)];
                       const double derivative =
                           activation_derivative(desc_.input_activation, in.get(n, y, x, i));
                       g_in.set(n, y, x, i, sum * derivative);
                     });
  }

 private:
  // The weight with which input channel i enters output pixel (y, x), channel o.
  std::size_t at(std::int64_t i, std::int64_t y, std::int64_t x, std::int64_t o) const {
    return static_cast<std::size_t>((i * 4 + 2 * (y % 2) + x % 2) * desc_.output_channels + o);
  }

  ConvTranspose2dDesc desc_;
  Parameters& parameters_;
};

}  // namespace

std::unique_ptr<Conv2d> ReferenceBackend::try_make_conv2d(const Conv2dDesc& desc,
                                                          Parameters& parameters) {
  auto convolution = std::make_unique<ReferenceConv2d>(desc, compute_type_, parameters);
  if (desc.pool_output)
    convolution->fuse_pool(make_resample(pool_of(desc)));
  if (desc.second_channels > 0 && desc.input.height % 2 == 0 && desc.input.width % 2 == 0) {
    Shape second = desc.input;
    second.channels = desc.second_channels;
    convolution->join_skip(make_resample({.kind = ResampleKind::max_pool,
                                          .input = second,
                                          .input_type = desc.input_type,
                                          .output_type = desc.input_type,
                                          .input_activation = desc.second_activation,
                                          .accumulate = true}));
  }
  return convolution;
}

std::unique_ptr<ConvTranspose2d> ReferenceBackend::make_conv_transpose2d(
    const ConvTranspose2dDesc& desc, Parameters& parameters) {
  return std::make_unique<ReferenceConvTranspose2d>(desc, parameters);
}

}  // namespace limpid::reference
