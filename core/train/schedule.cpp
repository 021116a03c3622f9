#include "core/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

constexpr std::int64_t longest_rise_steps = 200;
constexpr double final_share = 0.01;

}  // namespace

float learning_rate(std::int64_t step, std::int64_t step_count, float peak) {
  const std::int64_t rise = std::clamp<std::int64_t>(step_count / 20, 1, longest_rise_steps);
  const double risen = std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(rise));
  const double progress = std::clamp(
      static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(step_count, 1)),
      0.0,
      1.0);
  const double cosine = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  return static_cast<float>(static_cast<double>(peak) * risen *
                            (final_share + (1.0 - final_share) * cosine));
}

float average_decay(std::int64_t step) {
  const auto t = static_cast<double>(step);
  return static_cast<float>(std::min(0.999, (1.0 + t) / (10.0 + t)));
}

}  // namespace limpid
