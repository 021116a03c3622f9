#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace limpid {

struct PackedSphere {
  Eigen::Vector3f centre = Eigen::Vector3f::Zero();
  float radius = 0;  // 0: takes no room
};

// Pushes overlapping spheres apart in the plane, which is periodic with the given size; heights
// stay. Returns the indices of those that ended up without an overlap of more than a tenth, in
// order; where two overlap the later one goes.
std::vector<std::size_t> relax_packing(std::vector<PackedSphere>& spheres,
                                       float width,
                                       float height);

}  // namespace limpid
