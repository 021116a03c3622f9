#include "core/simulate/motion.h"

#include <cmath>
#include <numbers>

namespace limpid {
namespace {

struct Position {
  double x = 0;
  double y = 0;
};

}  // namespace

FrameMotion draw_motion(const MotionSettings& settings,
                        int frame_count,
                        double frame_exposure,
                        RandomSequence& random) {
  const double drift_direction = random.uniform(0, 2 * std::numbers::pi);
  const double burst_direction = random.uniform(0, 2 * std::numbers::pi);
  const auto position_at = [&](double exposure) {
    const double drift = settings.drift_angstrom_per_exposure * exposure;
    const double burst = settings.burst_angstrom * -std::expm1(-exposure / settings.burst_exposure);
    return Position{drift * std::cos(drift_direction) + burst * std::cos(burst_direction),
                    drift * std::sin(drift_direction) + burst * std::sin(burst_direction)};
  };
  const Position origin = position_at(0.5 * frame_count * frame_exposure);
  FrameMotion motion;
  for (int frame = 0; frame < frame_count; ++frame) {
    const Position begin = position_at(frame * frame_exposure);
    const Position middle = position_at((frame + 0.5) * frame_exposure);
    const Position end = position_at((frame + 1) * frame_exposure);
    motion.shift_x_angstrom.push_back(middle.x - origin.x);
    motion.shift_y_angstrom.push_back(middle.y - origin.y);
    motion.travel_angstrom.push_back(std::hypot(end.x - begin.x, end.y - begin.y));
  }
  return motion;
}

double motion_blur(double k, double travel_angstrom) {
  const double x = std::numbers::pi * k * travel_angstrom;
  return std::exp(-x * x / 12);
}

}  // namespace limpid
