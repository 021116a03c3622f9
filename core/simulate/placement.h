#pragma once

#include "core/simulate/field_grid.h"
#include "core/simulate/orientation.h"

#include <Eigen/Core>

#include <cstddef>

namespace limpid {

// One particle. Its origin lies at `position_angstrom`: x and y from the centre of pixel (0, 0) of
// the field, z towards the electron source from the middle of the ice.
struct Placement {
  std::size_t structure = 0;
  EulerAngles angles;
  Eigen::Vector3f position_angstrom = Eigen::Vector3f::Zero();
};

}  // namespace limpid
