#pragma once

#include "core/base/random.h"

#include <Eigen/Geometry>

namespace limpid {

// Euler angles in degrees, in the ZYZ convention of Heymann, Chagoyen and Belnap 2005 (J. Struct.
// Biol. 151:196): the structure is turned by rot about z, by tilt about the new y and by psi about
// the new z axis of the frame; a position p of the structure lies at rotation_matrix(angles) * p in
// the microscope, whose z axis points to the electron source.
struct EulerAngles {
  double rot = 0;
  double tilt = 0;
  double psi = 0;
};

Eigen::Matrix3f rotation_matrix(const EulerAngles& angles);

// How particles stand in the ice. `concentration` 0 is uniform on the sphere of views; otherwise
// views follow a von Mises-Fisher distribution about (preferred_rot, preferred_tilt), with
// 1 / sqrt(concentration) rad of spread. The angle in the plane is always uniform.
struct ViewDistribution {
  double concentration = 0;
  double preferred_rot_degrees = 0;
  double preferred_tilt_degrees = 0;
};

EulerAngles draw_orientation(const ViewDistribution& views, RandomSequence& random);

// The structure's z axis in the plane of the specimen, within a few degrees.
EulerAngles draw_flat_orientation(double tilt_spread_degrees, RandomSequence& random);

// A unit vector uniform on the sphere.
Eigen::Vector3f draw_direction(RandomSequence& random);

}  // namespace limpid
