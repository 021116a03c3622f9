#pragma once

#include <array>
#include <cstdint>
#include <vector>

// The kernel of particle_spreading.h.
namespace limpid {

// Weights of the `spreading_width` pixels from floor(position) - 2 on, by the fraction of the
// position in `spreading_phases` steps; rows are padded by zeros.
inline constexpr int spreading_width = 6;
inline constexpr int spreading_phases = 1024;
inline constexpr int spreading_row = 8;
using SpreadingTable = std::array<std::array<float, spreading_row>, spreading_phases>;
const SpreadingTable& spreading_table();

// K; it has no zero up to the Nyquist frequency.
double spreading_kernel_transform(double cycles_per_px);

// K for each column or row of a spectrum of `size` pixels: entry i is for frequency i / size
// (i <= size / 2) or (i - size) / size.
std::vector<float> spreading_kernel_transforms(std::int64_t size);

}  // namespace limpid
