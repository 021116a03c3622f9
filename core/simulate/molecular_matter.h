#pragma once

#include "core/base/random.h"
#include "core/simulate/structure.h"

#include <functional>

namespace limpid {

// Fills regions of space with atoms as dense and as regular as real ones: matter for procedural
// structures. Sequences are random; what counts for an image is the mass density, the texture of
// secondary structure (10 A between helices, 4.8 A between strands, 20 A between RNA duplexes) and
// the element composition.

using Region = std::function<bool(const Eigen::Vector3f&)>;

// Region to fill: everything inside lies within `radius` of `centre`.
struct FillVolume {
  Eigen::Vector3f centre = Eigen::Vector3f::Zero();
  float radius = 0;
  Region inside;
};

// Stacked layers of alpha helices and beta strands, 0.81 Da/A^3 (1.35 g/cm^3). Rods run along the
// x axis of `axes` in the first layer and turn from layer to layer.
void fill_with_protein(Structure& structure,
                       const FillVolume& volume,
                       const Eigen::Matrix3f& axes,
                       double helix_fraction,
                       RandomSequence& random);

// Parallel A-form duplexes 22 A apart.
void fill_with_nucleic_acid(Structure& structure,
                            const FillVolume& volume,
                            const Eigen::Matrix3f& axes,
                            RandomSequence& random);

// Hydrocarbon within 14 A of the plane z = 0 of the structure, phosphate head groups out to 20 A.
void fill_with_lipid(Structure& structure, const FillVolume& volume, RandomSequence& random);

}  // namespace limpid
