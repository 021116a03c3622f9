#include "core/backend/host/host_ops.h"
#include "core/base/parallel.h"

#include <numeric>
#include <vector>

namespace limpid {
namespace {

constexpr std::int64_t piece_elements = 1 << 16;

class HostLoss : public Loss {
 public:
  explicit HostLoss(const LossDesc& desc) : desc_(desc) {}

  void evaluate(const Tensor& prediction,
                const Tensor& target,
                const Tensor& weight,
                const Tensor& gradient) override {
    const std::int64_t count = desc_.prediction.element_count();
    const std::int64_t per_weight = weight.empty() ? count : count / weight.shape().element_count();
    const std::int64_t pieces = (count + piece_elements - 1) / piece_elements;
    std::vector<double> sums(static_cast<std::size_t>(pieces), 0.0);
    const float* p = prediction.data_as<float>();
    const float* t = target.data_as<float>();
    const float* w = weight.empty() ? nullptr : weight.data_as<float>();
    float* g = gradient.data_as<float>();
    const float scale = 2.0f / static_cast<float>(count);
    parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t piece = begin; piece < end; ++piece) {
        double sum = 0;
        for (std::int64_t i = piece * piece_elements;
             i < std::min(count, (piece + 1) * piece_elements);
             ++i) {
          const float pixel_weight = w ? w[i / per_weight] : 1.0f;
          const float difference = p[i] - t[i];
          sum += static_cast<double>(pixel_weight * difference * difference);
          g[i] = scale * pixel_weight * difference;
        }
        sums[static_cast<std::size_t>(piece)] = sum;
      }
    });
    value_ = std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(count);
  }

  double value() override { return value_; }

 private:
  LossDesc desc_;
  double value_ = 0;
};

}  // namespace

std::unique_ptr<Loss> make_host_loss(const LossDesc& desc) {
  return std::make_unique<HostLoss>(desc);
}

}  // namespace limpid
