#include "core/backend/host/host_ops.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

class HostAdam : public Adam {
 public:
  HostAdam(Backend& backend, const AdamDesc& desc, Parameters& parameters)
      : desc_(desc), parameters_(parameters) {
    const Shape flat{1, 1, 1, parameters.flat_size()};
    first_moment_ = backend.allocate_tensor(flat, DataType::float32);
    second_moment_ = backend.allocate_tensor(flat, DataType::float32);
    backend.fill_zero(first_moment_);
    backend.fill_zero(second_moment_);
    if (desc.keeps_average) {
      average_ = backend.allocate_tensor(flat, DataType::float32);
      std::copy_n(parameters.value().data_as<float>(), flat.channels, average_.data_as<float>());
    }
  }

  void prepare_step(const AdamStep& step) override {
    const auto number = static_cast<double>(step.number);
    const double corrected = 1.0 - std::pow(static_cast<double>(desc_.beta1), number);
    step_size_ = static_cast<float>(static_cast<double>(step.learning_rate) / corrected);
    second_correction_ =
        static_cast<float>(std::sqrt(1.0 - std::pow(static_cast<double>(desc_.beta2), number)));
    average_decay_ = step.average_decay;
  }

  void step() override {
    const float scale = gradient_scale();
    float* value = parameters_.value().data_as<float>();
    const float* gradient = parameters_.gradient().data_as<float>();
    float* m = first_moment_.data_as<float>();
    float* v = second_moment_.data_as<float>();
    float* average = average_.empty() ? nullptr : average_.data_as<float>();
    parallel_for(parameters_.flat_size(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float g = scale * gradient[i];
        m[i] = desc_.beta1 * m[i] + (1.0f - desc_.beta1) * g;
        v[i] = desc_.beta2 * v[i] + (1.0f - desc_.beta2) * g * g;
        value[i] -= step_size_ * m[i] / (std::sqrt(v[i]) / second_correction_ + desc_.epsilon);
        if (average)
          average[i] = average_decay_ * average[i] + (1.0f - average_decay_) * value[i];
      }
    });
    parameters_.mark_changed();
  }

  Tensor first_moment() override { return first_moment_; }
  Tensor second_moment() override { return second_moment_; }
  Tensor average() override { return average_; }

 private:
  // As torch.nn.utils.clip_grad_norm_.
  float gradient_scale() const {
    if (desc_.max_gradient_norm <= 0)
      return 1.0f;
    const float* gradient = parameters_.gradient().data_as<float>();
    double square_sum = 0;
    for (std::int64_t i = 0; i < parameters_.flat_size(); ++i)
      square_sum += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
    const double limit = desc_.max_gradient_norm;
    return static_cast<float>(std::min(1.0, limit / (std::sqrt(square_sum) + 1e-6)));
  }

  AdamDesc desc_;
  Parameters& parameters_;
  Tensor first_moment_;
  Tensor second_moment_;
  Tensor average_;
  float step_size_ = 0;
  float second_correction_ = 1;
  float average_decay_ = 0;
};

}  // namespace

std::unique_ptr<Adam> make_host_adam(Backend& backend,
                                     const AdamDesc& desc,
                                     Parameters& parameters) {
  return std::make_unique<HostAdam>(backend, desc, parameters);
}

}  // namespace limpid
