#pragma once

#include "core/base/host_device.h"
#include "core/simulate/plain_complex.h"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

// A Fourier transform of a complex plane in passes over the whole plane, each of which combines
// `radix` values of a row or column (Stockham's order, which needs no bit reversal; Govindaraju et
// al. 2008, "High performance discrete Fourier transforms on graphics processors"). Every value of
// a pass can be computed for itself, so the same code runs on the host and on devices.
namespace limpid {

// Of the passes of nvcc, the one for the device alone knows it.
#ifdef __CUDA_ARCH__
#define LIMPID_UNROLL _Pragma("unroll")
#else
#define LIMPID_UNROLL
#endif

// Where a pass stands in the transform of rows or columns of `length` values.
struct FourierPass {
  std::uint32_t length = 1;
  std::uint32_t done = 1;  // product of the radices before
  std::uint32_t width = 1;
  bool is_along_rows = true;
  float sign = 1;  // -1 for the inverse
};

// Values `i`, 0 <= i < width * height / radix: reads `radix` values and writes as many. `roots`
// holds exp(-2 pi i k / length). Neighbouring i read neighbouring values. 32 bits suffice for 2^32
// pixels, and divisions by them cost devices a fraction of those by 64 bits.
template <int radix>
struct FourierButterfly {
  FourierPass pass;
  const PlainComplex* from;
  PlainComplex* to;
  const PlainComplex* roots;

  LIMPID_HOST_DEVICE PlainComplex root(std::uint32_t index) const {
    const PlainComplex value = roots[index];
    return {value.re, pass.sign * value.im};
  }

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t groups = pass.length / radix;
    const std::uint32_t line = pass.is_along_rows ? i / groups : i % pass.width;
    const std::uint32_t j = pass.is_along_rows ? i % groups : i / pass.width;
    const std::uint32_t base = pass.is_along_rows ? line * pass.width : line;
    const std::uint32_t stride = pass.is_along_rows ? 1 : pass.width;
    const std::uint32_t place = j % pass.done;
    const std::uint32_t turn = place * (pass.length / (pass.done * radix));
    PlainComplex values[radix];
    PlainComplex small_roots[radix];
    LIMPID_UNROLL
    for (int r = 0; r < radix; ++r) {
      const auto place_r = static_cast<std::uint32_t>(r);
      values[r] = root(turn * place_r) * from[base + (j + place_r * groups) * stride];
      small_roots[r] = root(place_r * groups);
    }
    const std::uint32_t first = (j / pass.done) * pass.done * radix + place;
    LIMPID_UNROLL
    for (int s = 0; s < radix; ++s) {
      PlainComplex sum = values[0];
      LIMPID_UNROLL
      for (int r = 1; r < radix; ++r)
        sum = sum + small_roots[(r * s) % radix] * values[r];
      to[base + (first + static_cast<std::uint32_t>(s) * pass.done) * stride] = sum;
    }
  }
};

inline constexpr std::uint32_t fourier_radices[] = {8, 4, 2, 7, 5, 3};

// The radices of the passes for a length without other prime factors than 2, 3, 5 and 7.
inline std::vector<std::uint32_t> split_into_radices(std::uint32_t length) {
  std::vector<std::uint32_t> radices;
  for (const std::uint32_t radix : fourier_radices)
    for (; length % radix == 0; length /= radix)
      radices.push_back(radix);
  return radices;
}

inline std::vector<PlainComplex> roots_of_unity(std::uint32_t length) {
  std::vector<PlainComplex> roots(length);
  for (std::uint32_t k = 0; k < length; ++k) {
    const double angle = -2 * std::numbers::pi * k / length;
    roots[k] = {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
  }
  return roots;
}

}  // namespace limpid
