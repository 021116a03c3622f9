#pragma once

#include "core/base/host_device.h"

#include <cmath>
#include <cstdint>
#include <cstring>

// Elementary functions made of float32 +, -, *, /, sqrt and integer operations alone. IEEE 754
// fixes the rounding of each of these, so the same bits come out of every compiler and processor
// that does not fuse a multiplication with an addition (-ffp-contract=off, nvcc --fmad=false).
// The math library gives no such promise.
namespace limpid {

LIMPID_HOST_DEVICE inline std::uint32_t float_bits(float value) {
  std::uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

LIMPID_HOST_DEVICE inline float float_from_bits(std::uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

LIMPID_HOST_DEVICE inline bool is_finite(float value) {
  return (float_bits(value) & 0x7f800000u) != 0x7f800000u;
}

// Largest integer that is not above `value`; |value| < 2^31.
LIMPID_HOST_DEVICE inline std::int32_t portable_floor(float value) {
  const std::int32_t truncated = static_cast<std::int32_t>(value);
  return static_cast<float>(truncated) > value ? truncated - 1 : truncated;
}

// Natural logarithm of a positive normal number, relative error below 2e-7. With value = 2^e m and
// m between sqrt(1/2) and sqrt(2): log(value) = e log(2) + 2 artanh(s), s = (m - 1) / (m + 1).
LIMPID_HOST_DEVICE inline float portable_log(float value) {
  constexpr std::uint32_t one = 0x3f800000u;
  constexpr std::uint32_t sqrt_half = 0x3f3504f3u;
  const std::uint32_t shifted = float_bits(value) + (one - sqrt_half);
  const float exponent = static_cast<float>(static_cast<std::int32_t>(shifted >> 23) - 127);
  const float f = float_from_bits((shifted & 0x007fffffu) + sqrt_half) - 1.0f;
  const float s = f / (2.0f + f);
  const float z = s * s;
  const float series =
      z * (0.333333333f + z * (0.2f + z * (0.142857143f + z * (0.111111111f + z * 0.0909090909f))));
  const float two_s = s + s;
  // log(2) in two parts; the first has so few bits that its product with the exponent is exact.
  const float low = exponent * 1.42860677e-6f + two_s * series;
  return exponent * 0.693145752f + (two_s + low);
}

// exp(value), relative error below 2e-7 for -87 <= value <= 88; 0 below, infinity above. With
// n = value / log(2) rounded: exp(value) = 2^n exp(r), |r| <= log(2) / 2.
LIMPID_HOST_DEVICE inline float portable_exp(float value) {
  if (value < -87.0f)
    return 0.0f;
  if (value > 88.0f)
    return float_from_bits(0x7f800000u);
  const std::int32_t n = portable_floor(value * 1.44269504f + 0.5f);
  const float exponent = static_cast<float>(n);
  const float r = (value - exponent * 0.693145752f) - exponent * 1.42860677e-6f;
  const float tail =
      r * r *
      (0.5f +
       r * (0.166666667f + r * (0.0416666667f + r * (0.00833333333f +
                                                     r * (0.00138888889f + r * 0.000198412698f)))));
  const float power = float_from_bits(static_cast<std::uint32_t>(n + 127) << 23);
  return (1.0f + (r + tail)) * power;
}

// The standard normal deviate below which a fraction p of the distribution lies, for
// 2^-33 <= p <= 0.5; relative error below 1e-6. Routine PPND7 of Wichura 1988, "Algorithm AS 241:
// the percentage points of the normal distribution", whose third interval starts below this range.
LIMPID_HOST_DEVICE inline float normal_quantile(float p) {
  const float q = p - 0.5f;
  if (q >= -0.425f) {
    const float r = 0.180625f - q * q;
    return q * (((59.109374720f * r + 159.29113202f) * r + 50.434271938f) * r + 3.3871327179f) /
           (((67.187563600f * r + 78.757757664f) * r + 17.895169469f) * r + 1.0f);
  }
  const float r = sqrtf(-portable_log(p)) - 1.6f;
  return -(((0.17023821103f * r + 1.3067284816f) * r + 2.7568153900f) * r + 1.4234372777f) /
         ((0.12021132975f * r + 0.73700164250f) * r + 1.0f);
}

// D(k, mean) = k log(k / mean) + mean - k without cancellation; k, mean > 0, difference = k - mean.
// With v = difference / (k + mean): D = difference v + 2 k (artanh(v) - v) (Loader 2000, "Fast and
// accurate computation of binomial probabilities", bd0).
LIMPID_HOST_DEVICE inline float poisson_deviance(float k, float mean, float difference) {
  const float v = difference / (k + mean);
  const float z = v * v;
  if (z > 0.0625f)
    return k * portable_log(k / mean) - difference;
  const float series =
      z * (0.333333333f +
           z * (0.2f +
                z * (0.142857143f + z * (0.111111111f + z * (0.0909090909f + z * 0.0769230769f)))));
  return difference * v + 2.0f * k * v * series;
}

// log(k!) - [(k + 1/2) log(k) - k + log(2 pi) / 2] for an integer k >= 1, error below 1e-7: the
// exact values, then the Stirling series.
LIMPID_HOST_DEVICE inline float stirling_error(float k) {
  if (k < 1.5f)
    return 0.0810614668f;
  if (k < 2.5f)
    return 0.0413406960f;
  const float inverse = 1.0f / k;
  const float z = inverse * inverse;
  return inverse *
         (0.0833333333f - z * (0.00277777778f - z * (0.000793650794f - z * 0.000595238095f)));
}

}  // namespace limpid
