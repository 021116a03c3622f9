#include "core/backend/host/host_ops.h"
#include "core/base/parallel.h"
#include "core/base/vector_clones.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace limpid {
namespace {

constexpr std::int64_t piece_elements = 1 << 16;

struct StepRates {
  float gradient_scale = 1.0f;
  float beta1 = 0.0f;
  float beta2 = 0.0f;
  float step_size = 0.0f;
  float second_correction = 1.0f;
  float epsilon = 0.0f;
};

LIMPID_VECTOR_CLONES
void update(const float* gradient,
            float* first_moment,
            float* second_moment,
            float* value,
            std::int64_t count,
            StepRates rates) {
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = rates.gradient_scale * gradient[i];
    const float m = rates.beta1 * first_moment[i] + (1.0f - rates.beta1) * g;
    const float v = rates.beta2 * second_moment[i] + (1.0f - rates.beta2) * g * g;
    first_moment[i] = m;
    second_moment[i] = v;
    value[i] -= rates.step_size * m / (std::sqrt(v) / rates.second_correction + rates.epsilon);
  }
}

LIMPID_VECTOR_CLONES
void update_average(const float* value, float* average, std::int64_t count, float decay) {
  for (std::int64_t i = 0; i < count; ++i)
    average[i] = decay * average[i] + (1.0f - decay) * value[i];
}

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
    const StepRates rates{.gradient_scale = gradient_scale(),
                          .beta1 = desc_.beta1,
                          .beta2 = desc_.beta2,
                          .step_size = step_size_,
                          .second_correction = second_correction_,
                          .epsilon = desc_.epsilon};
    float* value = parameters_.value().data_as<float>();
    const float* gradient = parameters_.gradient().data_as<float>();
    float* m = first_moment_.data_as<float>();
    float* v = second_moment_.data_as<float>();
    float* average = average_.empty() ? nullptr : average_.data_as<float>();
    parallel_for(
        parameters_.flat_size(), piece_elements, [&](std::int64_t begin, std::int64_t end) {
          update(gradient + begin, m + begin, v + begin, value + begin, end - begin, rates);
          if (average)
            update_average(value + begin, average + begin, end - begin, average_decay_);
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
    const std::int64_t count = parameters_.flat_size();
    const std::int64_t pieces = (count + piece_elements - 1) / piece_elements;
    std::vector<double> sums(static_cast<std::size_t>(pieces), 0.0);
    parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t piece = begin; piece < end; ++piece) {
        double& sum = sums[static_cast<std::size_t>(piece)];
        for (std::int64_t i = piece * piece_elements;
             i < std::min(count, (piece + 1) * piece_elements);
             ++i)
          sum += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
      }
    });
    const double square_sum = std::accumulate(sums.begin(), sums.end(), 0.0);
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
