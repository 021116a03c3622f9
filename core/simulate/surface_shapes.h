#pragma once

#include "core/base/random.h"
#include "core/simulate/specimen.h"

#include <array>
#include <vector>

namespace limpid {

// A closed or open wavy line: a sum of sines of an angle or a length.
struct Waves {
  std::array<double, 6> frequencies{};
  std::array<double, 6> phases{};
  std::array<double, 6> amplitudes{};

  double operator()(double x) const;
};

// Carbon film beyond the rim of a hole, whose edge is ragged and 25 to 70 A wide. Lengths in
// angstrom from the corner of the field.
class FilmShape {
 public:
  FilmShape(const CarbonEdge& carbon, double middle_x, double middle_y, RandomSequence& random);

  // 1 on the film, 0 in the hole.
  double operator()(double x, double y) const;

 private:
  double radius_;
  double hole_x_;
  double hole_y_;
  double edge_width_;
  Waves ragged_;
};

// A lump: a thickness profile over an outline. Frost has straight sides, cut where half planes
// meet, and a mottled inside; droplets are round caps.
class Lump {
 public:
  Lump(bool is_frost, double x, double y, double radius, RandomSequence& random);

  double reach() const { return 1.6 * radius_; }
  double x() const { return x_; }
  double y() const { return y_; }

  double thickness(double x, double y) const;

  // Relative to ice. Crystals scatter out of the aperture by Bragg reflection on top of what
  // amorphous ice does; ethane is half as dense as ice.
  double absorption_factor() const { return is_frost_ ? 2.5 : 0.7; }
  double potential_factor() const { return is_frost_ ? 1.0 : 0.8; }

 private:
  struct Side {
    double x;
    double y;
    double distance;
  };

  bool is_frost_;
  double x_;
  double y_;
  double radius_;
  double thickness_;
  double edge_;
  std::vector<Side> sides_;
  Waves outline_;
  Waves mottle_x_;
  Waves mottle_y_;
};

}  // namespace limpid
