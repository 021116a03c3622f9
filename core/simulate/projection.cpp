#include "core/simulate/projection.h"

#include "core/image/fourier.h"
#include "core/simulate/electron.h"
#include "core/simulate/particle_spreading.h"

#include <array>
#include <cmath>

namespace limpid {

ScatteringBasis make_scattering_basis(std::span<const Structure> structures,
                                      double pixel_size_angstrom) {
  std::array<double, atom_kind_count> abundance{};
  for (const Structure& structure : structures) {
    const auto counts = count_kinds(structure);
    for (std::size_t kind = 0; kind < atom_kind_count; ++kind)
      abundance[kind] += counts[kind];
  }
  // The corner of the Fourier plane lies at sqrt(2) times the Nyquist frequency.
  return ScatteringBasis(abundance, 0.7072 / pixel_size_angstrom);
}

Image project_phase(const FieldGrid& grid,
                    std::span<const Structure> structures,
                    std::span<const Placement> particles,
                    double voltage_kv) {
  const ScatteringBasis basis = make_scattering_basis(structures, grid.pixel_size_angstrom);
  const auto slabs = spread_particles(grid, structures, particles, basis, 1e6);
  Spectrum phase(grid.width, grid.height);
  const auto columns = spreading_kernel_transforms(grid.width);
  const auto rows = spreading_kernel_transforms(grid.height);
  const double scale = interaction_constant(voltage_kv) * volts_per_form_factor /
                       (grid.pixel_size_angstrom * grid.pixel_size_angstrom);
  for (const Slab& slab : slabs)
    for (std::size_t function = 0; function < basis.rank(); ++function) {
      const Spectrum spread = fourier_transform(slab.spread[function]);
      for (std::int64_t y = 0; y < phase.height(); ++y)
        for (std::int64_t x = 0; x < phase.width(); ++x) {
          const double k =
              std::hypot(phase.frequency_x(x), phase.frequency_y(y)) / grid.pixel_size_angstrom;
          const auto kernel_value = static_cast<double>(columns[static_cast<std::size_t>(x)]) *
                                    rows[static_cast<std::size_t>(y)];
          phase.at(x, y) +=
              static_cast<float>(scale * basis.value(function, k) / kernel_value) * spread.at(x, y);
        }
    }
  return inverse_fourier_transform(phase);
}

}  // namespace limpid
