#pragma once

#include "core/base/host_device.h"
#include "core/base/random.h"
#include "core/noise/portable_math.h"

#include <cstdint>

// Noise of an electron detector: with x the clean value, k = electrons_per_unit and s = sigma,
//   y = Poisson(k max(x, 0)) / k + Normal(0, s^2),
// k = 0 meaning no Poisson part: y = x + Normal(0, s^2). Variance of y: x / k + s^2.
//
// A pixel that is not finite comes back unchanged; so does, apart from the Gaussian part, one whose
// mean count k x exceeds 1e30, since its shot noise is far below the resolution of float32.
//
// The value of a pixel depends on (seed, stream, pixel index), the model and its clean value alone,
// with equal bits on every processor (portable_math.h says under which compiler options).
namespace limpid {

class Image;

struct NoiseModel {
  float electrons_per_unit = 0.0f;  // expected of a pixel of value 1; 0 = no Poisson part
  float sigma = 0.0f;               // of the Gaussian part, in units of the image
};

// Writes clean plus noise into `noisy`, which takes the size of `clean` and may be `clean` itself.
// Throws Error(usage) for a model with negative or non-finite numbers.
void add_noise(const Image& clean,
               Image& noisy,
               const NoiseModel& model,
               std::uint64_t seed,
               std::uint64_t stream);

// What follows serves the loops over pixels on the host and on devices.

inline constexpr int noise_blocks_per_pixel = 16;        // at most, of random numbers
inline constexpr float poisson_inversion_limit = 10.0f;  // means below: inversion
inline constexpr float poisson_rejection_limit = 1e7f;   // means above: rounded Gaussian
inline constexpr float poisson_largest_mean = 1e30f;     // means above: no noise

// Random numbers of one block of one pixel. Images have fewer than 2^40 pixels.
LIMPID_HOST_DEVICE inline RandomBlock noise_block(std::uint64_t seed,
                                                  std::uint64_t stream,
                                                  std::uint64_t pixel,
                                                  int block) {
  return philox4x32(seed, stream, pixel | (static_cast<std::uint64_t>(block) << 40));
}

// 31 bits to (0, 1/2]; small values keep their relative precision.
LIMPID_HOST_DEVICE inline float uniform_half(std::uint32_t bits) {
  return (static_cast<float>(static_cast<std::int32_t>(bits >> 1)) + 0.5f) * (1.0f / 4294967296.0f);
}

// Standard normal deviate from 32 random bits: the lowest is the sign. Largest absolute value 6.3.
LIMPID_HOST_DEVICE inline float normal_from_bits(std::uint32_t bits) {
  const float z = normal_quantile(uniform_half(bits));
  return (bits & 1u) != 0 ? -z : z;
}

// One try of inversion by sequential search with a 63-bit fixed-point uniform number. False: draw
// again. The probabilities are multiplied by 1 - 8e-6, more than their rounding errors can add up
// to, and what is left over is drawn again; so each comes out with a relative error below 8e-6, far
// into the tail.
LIMPID_HOST_DEVICE inline bool try_poisson_inversion(float mean,
                                                     std::uint32_t high_bits,
                                                     std::uint32_t low_bits,
                                                     float& count) {
  std::int64_t remaining =
      static_cast<std::int64_t>(((static_cast<std::uint64_t>(high_bits) << 32) | low_bits) >> 1);
  float probability = portable_exp(-mean) * (1.0f - 8e-6f);
  for (int k = 0; k < 100; ++k) {
    const std::int64_t share = static_cast<std::int64_t>(probability * 9223372036854775808.0f);
    if (remaining < share) {
      count = static_cast<float>(k);
      return true;
    }
    remaining -= share;
    probability = probability * (mean / static_cast<float>(k + 1));
  }
  return false;
}

// One try of Hoermann's transformed rejection with squeeze (PTRS; Hoermann 1993, "The transformed
// rejection method for generating Poisson random variables"), exact for means from 10. The
// logarithm of the probability of k is written -D(k, mean) - stirling_error(k) - log(2 pi k) / 2,
// of which nothing cancels when the mean is large. False: draw again.
LIMPID_HOST_DEVICE inline bool try_poisson_rejection(float mean,
                                                     std::uint32_t u_bits,
                                                     std::uint32_t v_bits,
                                                     float& count) {
  const float b = 0.931f + 2.53f * sqrtf(mean);
  const float a = -0.059f + 0.02483f * b;
  const float inverse_alpha = 1.1239f + 1.1328f / (b - 3.4f);
  const float v_squeeze = 0.9277f - 3.6224f / (b - 2.0f);

  const float us = uniform_half(u_bits);
  const float size = 0.5f - us;
  const float u = (u_bits & 1u) != 0 ? -size : size;
  const float v = 2.0f * uniform_half(v_bits);
  const std::int32_t whole = static_cast<std::int32_t>(mean);
  const float fraction = mean - static_cast<float>(whole);
  const float offset = (2.0f * a / us + b) * u + (fraction + 0.43f);
  if (!(offset > -1e8f && offset < 1e8f))
    return false;
  const std::int32_t step = portable_floor(offset);
  if (whole + step < 0)
    return false;
  const float k = static_cast<float>(whole + step);
  count = k;
  if (us >= 0.07f && v <= v_squeeze)
    return true;
  if (us < 0.013f && v > us)
    return false;
  const float hat = v * inverse_alpha / (a / (us * us) + b);
  if (k < 0.5f)
    return portable_log(hat) <= -mean;
  const float difference = static_cast<float>(step) - fraction;
  return portable_log(hat * sqrtf(6.28318531f * k)) <=
         -poisson_deviance(k, mean, difference) - stirling_error(k);
}

// A Poisson deviate; `block` is the pixel's block 0, of which words 2 and 3 are used. Gives up
// after noise_blocks_per_pixel blocks, which happens with a probability below 1e-15, and returns
// the whole part of the mean.
LIMPID_HOST_DEVICE inline float poisson_count(
    float mean, RandomBlock block, std::uint64_t seed, std::uint64_t stream, std::uint64_t pixel) {
  if (mean > poisson_rejection_limit)
    // Whole numbers, as all of float32 above 2^23 are.
    return mean + sqrtf(mean) * normal_from_bits(block.value[2]);
  const bool invert = mean < poisson_inversion_limit;
  float count = 0.0f;
  int word = 2;
  for (int used = 1;; ++used) {
    for (; word < 4; word += 2) {
      const std::uint32_t first = block.value[word];
      const std::uint32_t second = block.value[word + 1];
      if (invert ? try_poisson_inversion(mean, first, second, count)
                 : try_poisson_rejection(mean, first, second, count))
        return count;
    }
    if (used == noise_blocks_per_pixel)
      return static_cast<float>(static_cast<std::int32_t>(mean));
    block = noise_block(seed, stream, pixel, used);
    word = 0;
  }
}

LIMPID_HOST_DEVICE inline float noisy_pixel(float clean,
                                            const NoiseModel& model,
                                            std::uint64_t seed,
                                            std::uint64_t stream,
                                            std::uint64_t pixel) {
  if (!is_finite(clean))
    return clean;
  const RandomBlock block = noise_block(seed, stream, pixel, 0);
  float value = clean;
  if (model.electrons_per_unit > 0.0f) {
    const float mean = model.electrons_per_unit * clean;
    if (!(mean > 0.0f))
      value = 0.0f;
    else if (mean <= poisson_largest_mean)
      value = poisson_count(mean, block, seed, stream, pixel) / model.electrons_per_unit;
  }
  if (model.sigma > 0.0f)
    value = value + model.sigma * normal_from_bits(block.value[0]);
  return value;
}

}  // namespace limpid
