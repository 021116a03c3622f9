#pragma once

#include "core/base/random.h"

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>

namespace limpid {

// Two independent complex normal numbers with mean square magnitude 1 each (Box and Muller 1958).
struct ComplexNormalPair {
  std::complex<float> first;
  std::complex<float> second;
};

// In plain numbers, for devices, too.
struct PlainComplexNormals {
  float first_real;
  float first_imaginary;
  float second_real;
  float second_imaginary;
};

LIMPID_HOST_DEVICE inline PlainComplexNormals draw_plain_complex_normals(std::uint64_t seed,
                                                                         std::uint64_t stream,
                                                                         std::uint64_t position) {
  const RandomBlock block = philox4x32(seed, stream, position);
  constexpr float two_pi = 2 * std::numbers::pi_v<float>;
  const float first_radius = std::sqrt(-std::log(uniform_open(block.value[0])));
  const float second_radius = std::sqrt(-std::log(uniform_open(block.value[1])));
  const float first_angle = two_pi * uniform_open(block.value[2]);
  const float second_angle = two_pi * uniform_open(block.value[3]);
  return {first_radius * std::cos(first_angle),
          first_radius * std::sin(first_angle),
          second_radius * std::cos(second_angle),
          second_radius * std::sin(second_angle)};
}

inline ComplexNormalPair draw_complex_normals(std::uint64_t seed,
                                              std::uint64_t stream,
                                              std::uint64_t position) {
  const PlainComplexNormals plain = draw_plain_complex_normals(seed, stream, position);
  return {{plain.first_real, plain.first_imaginary}, {plain.second_real, plain.second_imaginary}};
}

// Standard deviations in a half spectrum for white noise of unit mean square: the columns that hold
// both k and -k lose half of their power when the inverse transform drops what a real image cannot
// have.
LIMPID_HOST_DEVICE inline float half_spectrum_factor(std::int64_t column,
                                                     std::int64_t image_width) {
  const bool is_own_mirror = column == 0 || 2 * column == image_width;
  return is_own_mirror ? std::numbers::sqrt2_v<float> : 1.0f;
}

}  // namespace limpid
