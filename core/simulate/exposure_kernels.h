#pragma once

#include "core/base/host_device.h"
#include "core/simulate/complex_normal.h"
#include "core/simulate/ctf.h"
#include "core/simulate/exposure_parts.h"
#include "core/simulate/plain_complex.h"
#include "core/simulate/radial_table.h"
#include "core/simulate/spreading_kernel.h"

#include <array>
#include <cmath>
#include <cstdint>

// The steps of an exposure, each for one scatterer, pixel or frequency: what kernels on devices run
// in parallel. Planes are dense, row after row; a half spectrum has width / 2 + 1 columns. All
// pointers are to the memory of the device.
namespace limpid {

struct FieldSize {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  double pixel_size_angstrom = 1;

  LIMPID_HOST_DEVICE std::uint32_t half_width() const { return width / 2 + 1; }
  LIMPID_HOST_DEVICE std::uint32_t pixel_count() const { return width * height; }
  LIMPID_HOST_DEVICE std::uint32_t half_count() const { return half_width() * height; }
  // Of -k for the value at (x, y).
  LIMPID_HOST_DEVICE std::uint32_t mirror_x(std::uint32_t x) const {
    return x == 0 ? 0 : width - x;
  }
  LIMPID_HOST_DEVICE std::uint32_t mirror_y(std::uint32_t y) const {
    return y == 0 ? 0 : height - y;
  }
  // Cycles per pixel, as Spectrum has them; of columns in the right half, those of the mirror.
  LIMPID_HOST_DEVICE double frequency_x(std::uint32_t x) const {
    const std::uint32_t index = 2 * x > width ? width - x : x;
    return static_cast<double>(index) / static_cast<double>(width);
  }
  LIMPID_HOST_DEVICE double frequency_y(std::uint32_t y) const {
    const double index = 2 * y > height ? static_cast<double>(y) - static_cast<double>(height)
                                        : static_cast<double>(y);
    return index / static_cast<double>(height);
  }
};

// As RadialTable::at().
template <std::size_t column_count>
LIMPID_HOST_DEVICE inline void look_up(const std::array<float, column_count>* rows,
                                       double fx,
                                       double fy,
                                       float (&row)[column_count]) {
  const double position = std::sqrt(fx * fx + fy * fy) *
                          (static_cast<double>(radial_table_steps) / radial_table_corner);
  const auto index = static_cast<std::uint32_t>(position);
  const auto fraction = static_cast<float>(position - static_cast<double>(index));
  const auto* low = reinterpret_cast<const float*>(rows) + index * column_count;
  const float* high = low + column_count;
  for (std::size_t column = 0; column < column_count; ++column)
    row[column] = low[column] + fraction * (high[column] - low[column]);
}

// Two integers of 32 bits in one of 64, so that one atomic addition adds to both.
LIMPID_HOST_DEVICE inline std::int64_t packed_pair(std::int32_t low, std::int32_t high) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(static_cast<std::int64_t>(high))
                                   << 32) +
         low;
}

// Integers, so that the order of additions does not matter.
LIMPID_HOST_DEVICE inline void add_atomically(std::int64_t* to, std::int64_t value) {
#ifdef __CUDA_ARCH__
  atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(value));
#else
  *to += value;
#endif
}

// Scatterer `i` of all particles, to the slab it is in: sums[slab][y][x].
struct SpreadScatterer {
  FieldSize field;
  const PlannedScatterer* scatterers;
  const PlannedParticle* particles;
  std::uint32_t particle_count;
  const std::array<float, spreading_row>* table;
  std::int64_t first_slab;
  std::int64_t slab_count;
  float slab_thickness;
  float quantum[2];
  std::int64_t* sums;

  LIMPID_HOST_DEVICE const PlannedParticle& particle_at(std::int64_t place) const {
    std::uint32_t low = 0;
    std::uint32_t high = particle_count;
    while (high - low > 1) {
      const std::uint32_t middle = (low + high) / 2;
      (particles[middle].first_place <= place ? low : high) = middle;
    }
    return particles[low];
  }
  LIMPID_HOST_DEVICE static std::uint32_t wrap(std::int64_t index, std::uint32_t size) {
    const auto s = static_cast<std::int64_t>(size);
    return static_cast<std::uint32_t>((index % s + s) % s);
  }
  LIMPID_HOST_DEVICE static const float* weights_of(const std::array<float, spreading_row>* table,
                                                    float fraction) {
    const int phase = static_cast<int>(fraction * spreading_phases);
    return reinterpret_cast<const float*>(
        table + (phase < spreading_phases ? phase : spreading_phases - 1));
  }

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const PlannedParticle& particle = particle_at(i);
    const PlannedScatterer& scatterer =
        scatterers[particle.first_scatterer + (i - particle.first_place)];
    float at[3];
    for (int row = 0; row < 3; ++row)
      at[row] = particle.rotation[3 * row] * scatterer.x +
                particle.rotation[3 * row + 1] * scatterer.y +
                particle.rotation[3 * row + 2] * scatterer.z + particle.position_angstrom[row];
    const auto scale = static_cast<float>(1 / field.pixel_size_angstrom);
    const float x = at[0] * scale;
    const float y = at[1] * scale;
    const float column = std::floor(x);
    const float row = std::floor(y);
    const float* across = weights_of(table, x - column);
    const float* up = weights_of(table, y - row);
    std::int64_t slab =
        static_cast<std::int64_t>(std::floor(at[2] / slab_thickness + 0.5f)) - first_slab;
    slab = slab < 0 ? 0 : (slab < slab_count ? slab : slab_count - 1);
    std::int64_t* plane = sums + slab * field.pixel_count();
    const std::uint32_t left = wrap(static_cast<std::int64_t>(column) - 2, field.width);
    std::uint32_t to_y = wrap(static_cast<std::int64_t>(row) - 2, field.height);
    const float first = scatterer.weights[0] / quantum[0];
    const float second = scatterer.weights[1] / quantum[1];
    for (int tap_y = 0; tap_y < spreading_width; ++tap_y) {
      std::uint32_t to_x = left;
      for (int tap_x = 0; tap_x < spreading_width; ++tap_x) {
        const float weight = up[tap_y] * across[tap_x];
        add_atomically(plane + to_y * field.width + to_x,
                       packed_pair(static_cast<std::int32_t>(std::rint(first * weight)),
                                   static_cast<std::int32_t>(std::rint(second * weight))));
        to_x = to_x + 1 == field.width ? 0 : to_x + 1;
      }
      to_y = to_y + 1 == field.height ? 0 : to_y + 1;
    }
  }
};

// The two sums at pixel `i` as the parts of a complex number, to be transformed together.
struct UnpackSums {
  const std::int64_t* sums;
  float quantum[2];
  PlainComplex* plane;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const auto low = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[i] & 0xffffffff));
    const auto high = static_cast<std::int32_t>((sums[i] - low) >> 32);
    plane[i] = {quantum[0] * static_cast<float>(low), quantum[1] * static_cast<float>(high)};
  }
};

// Adds the contrast of a slab at frequency `i` of the half spectrum. `plane` is the transform of
// first + i second, both real.
struct AddSlab {
  FieldSize field;
  CtfPhase phase;
  double height_angstrom;
  const std::array<float, 3>* rows;
  const float* kernel_of_columns;
  const float* kernel_of_rows;
  const PlainComplex* plane;
  bool is_first;
  PlainComplex* contrast;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t x = i % field.half_width();
    const std::uint32_t y = i / field.half_width();
    const PlainComplex value = plane[y * field.width + x];
    const PlainComplex mirror =
        conjugate(plane[field.mirror_y(y) * field.width + field.mirror_x(x)]);
    const PlainComplex first = 0.5f * (value + mirror);
    const PlainComplex difference = 0.5f * (value - mirror);
    const PlainComplex second{difference.im, -difference.re};
    const double fx = field.frequency_x(x);
    const double fy = field.frequency_y(y);
    float values[3];
    look_up(rows, fx, fy, values);
    const float transfer =
        reduced_sine(phase(
            fx / field.pixel_size_angstrom, fy / field.pixel_size_angstrom, height_angstrom)) /
        (kernel_of_columns[x] * kernel_of_rows[y]);
    const PlainComplex slab = transfer * (values[0] * first + values[1] * second);
    contrast[i] = is_first ? slab : contrast[i] + slab;
  }
};

// The contrast of film and dirt from the transform of their phase shift, and the grain of film.
struct FilmContrast {
  FieldSize field;
  CtfPhase phase;
  double alpha;
  const PlainComplex* plane;
  PlainComplex* contrast;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t x = i % field.half_width();
    const std::uint32_t y = i / field.half_width();
    const double angle = phase(field.frequency_x(x) / field.pixel_size_angstrom,
                               field.frequency_y(y) / field.pixel_size_angstrom);
    contrast[i] = -2 * reduced_sine(angle - alpha) * plane[y * field.width + x];
  }
};

struct FilmGrain {
  FieldSize field;
  CtfPhase phase;
  const std::array<float, 1>* rows;
  std::uint64_t seed;
  std::uint64_t stream;
  PlainComplex* grain;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t x = i % field.half_width();
    const std::uint32_t y = i / field.half_width();
    const double fx = field.frequency_x(x);
    const double fy = field.frequency_y(y);
    float sigma[1];
    look_up(rows, fx, fy, sigma);
    const PlainComplexNormals normals = draw_plain_complex_normals(seed, stream + y, x);
    const float transfer =
        2 * reduced_sine(phase(fx / field.pixel_size_angstrom, fy / field.pixel_size_angstrom)) *
        half_spectrum_factor(x, field.width) * sigma[0];
    grain[i] = i == 0 ? PlainComplex()
                      : transfer * PlainComplex{normals.first_real, normals.first_imaginary};
  }
};

// Contrasts of both halves and of the truth from those of particles and film, and the ice.
struct FormHalves {
  FieldSize field;
  CtfPhase phase;
  double alpha;
  double ice_thickness_angstrom;
  bool has_ice_noise;
  float even_share;
  const std::array<float, HalfColumn::count>* rows;
  std::uint64_t seed;
  std::uint64_t stream;
  const PlainComplex* particles;  // null without
  const PlainComplex* film;       // null without
  PlainComplex* even;
  PlainComplex* odd;
  PlainComplex* truth;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t x = i % field.half_width();
    const std::uint32_t y = i / field.half_width();
    const double fx = field.frequency_x(x);
    const double fy = field.frequency_y(y);
    float row[HalfColumn::count];
    look_up(rows, fx, fy, row);
    const PlainComplex particle = particles != nullptr ? particles[i] : PlainComplex();
    const PlainComplex still = film != nullptr ? film[i] : PlainComplex();
    PlainComplex even_contrast = row[HalfColumn::even_part] * particle + still;
    PlainComplex odd_contrast = row[HalfColumn::odd_part] * particle + still;
    truth[i] =
        row[HalfColumn::in_all] * (even_share * even_contrast + (1 - even_share) * odd_contrast);
    if (has_ice_noise && i > 0) {
      const PlainComplexNormals normals = draw_plain_complex_normals(seed, stream + y, x);
      const PlainComplex first{normals.first_real, normals.first_imaginary};
      const PlainComplex second{normals.second_real, normals.second_imaginary};
      const double power = depth_averaged_transfer_power(phase,
                                                         alpha,
                                                         ice_thickness_angstrom,
                                                         fx / field.pixel_size_angstrom,
                                                         fy / field.pixel_size_angstrom);
      const float transfer =
          static_cast<float>(std::sqrt(power)) * half_spectrum_factor(x, field.width);
      even_contrast = even_contrast + transfer * row[HalfColumn::even_ice] * first;
      odd_contrast = odd_contrast + transfer * (row[HalfColumn::cross_ice] * first +
                                                row[HalfColumn::odd_ice] * second);
    }
    even[i] = row[HalfColumn::before] * even_contrast;
    odd[i] = row[HalfColumn::before] * odd_contrast;
  }
};

// The spectrum at pixel `i` of the plane of first + i second, both real images: parts of their half
// spectra that a real image cannot have are dropped.
struct JoinSpectra {
  FieldSize field;
  const PlainComplex* first;
  const PlainComplex* second;  // null: 0
  PlainComplex* plane;

  LIMPID_HOST_DEVICE PlainComplex value_of(const PlainComplex* half,
                                           std::uint32_t x,
                                           std::uint32_t y) const {
    const std::uint32_t mirror = field.mirror_y(y) * field.half_width();
    if (2 * x > field.width)
      return conjugate(half[mirror + field.mirror_x(x)]);
    const PlainComplex value = half[y * field.half_width() + x];
    if (x != 0 && 2 * x != field.width)
      return value;
    return 0.5f * (value + conjugate(half[mirror + x]));
  }

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t x = i % field.width;
    const std::uint32_t y = i / field.width;
    const PlainComplex a = value_of(first, x, y);
    const PlainComplex b = second != nullptr ? value_of(second, x, y) : PlainComplex();
    plane[i] = {a.re - b.im, a.im + b.re};
  }
};

struct JoinImages {
  const float* first;
  const float* second;  // null: 0
  PlainComplex* plane;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    plane[i] = {first[i], second != nullptr ? second[i] : 0.0f};
  }
};

}  // namespace limpid
