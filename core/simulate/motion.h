#pragma once

#include "core/base/random.h"

#include <vector>

namespace limpid {

// How the specimen moves under the beam: a fast start, in a direction of its own, that dies out
// with the exposure, and a steady drift of the stage.
struct MotionSettings {
  double drift_angstrom_per_exposure = 0.02;  // A for each e/A^2
  double burst_angstrom = 2;                  // in all
  double burst_exposure = 4;                  // e/A^2 after which 63 % of it is done
};

struct FrameMotion {
  // Position at the middle of each frame relative to the middle of the movie, in the plane, A.
  std::vector<double> shift_x_angstrom;
  std::vector<double> shift_y_angstrom;
  // Way travelled during each frame; it blurs the frame even when frames are aligned.
  std::vector<double> travel_angstrom;
};

FrameMotion draw_motion(const MotionSettings& settings,
                        int frame_count,
                        double frame_exposure,
                        RandomSequence& random);

// Amplitude left at frequency k (1/A) after moving by `travel` along a line at constant speed,
// averaged over directions: sinc(k travel cos) to second order, exp(-(pi k travel)^2 / 12).
double motion_blur(double k, double travel_angstrom);

}  // namespace limpid
