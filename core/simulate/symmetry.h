#pragma once

#include <Eigen/Geometry>

#include <vector>

namespace limpid {

// Copies of an asymmetric unit: rigid motions, the identity first.
using SymmetryOperators = std::vector<Eigen::Isometry3f>;

// n-fold about z.
SymmetryOperators cyclic_symmetry(int order);
// n-fold about z and two-fold about x.
SymmetryOperators dihedral_symmetry(int order);
// The rotations of the tetrahedron (12), octahedron (24) and icosahedron (60).
SymmetryOperators tetrahedral_symmetry();
SymmetryOperators octahedral_symmetry();
SymmetryOperators icosahedral_symmetry();
// `copies` steps of `rise_angstrom` along and `twist_degrees` about z, centred on the origin, the
// copy at the middle first.
SymmetryOperators helical_symmetry(int copies, double rise_angstrom, double twist_degrees);

}  // namespace limpid
