#pragma once

#include "core/image/image.h"
#include "core/simulate/placement.h"
#include "core/simulate/scattering.h"
#include "core/simulate/structure.h"

#include <span>

namespace limpid {

// The phase shift in rad that the particles add to the electron wave, seen from above, without any
// damage or microscope: for inspection and tests.
Image project_phase(const FieldGrid& grid,
                    std::span<const Structure> structures,
                    std::span<const Placement> particles,
                    double voltage_kv);

// Basis for structures weighted by how many atoms of each kind they hold.
ScatteringBasis make_scattering_basis(std::span<const Structure> structures,
                                      double pixel_size_angstrom);

}  // namespace limpid
