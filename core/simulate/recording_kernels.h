#pragma once

#include "core/simulate/detector.h"
#include "core/simulate/energy_deposit.h"
#include "core/simulate/exposure_kernels.h"
#include "core/simulate/poisson.h"

#include <cmath>
#include <cstdint>

// The second part of exposure_kernels.h: from contrasts to recorded images. Random numbers belong
// to rows, which are drawn from left to right.
namespace limpid {

// The part of the field that is recorded.
struct ImagePlace {
  std::uint32_t left = 0;
  std::uint32_t bottom = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  LIMPID_HOST_DEVICE std::uint32_t pixel_count() const { return width * height; }
  LIMPID_HOST_DEVICE std::uint32_t in_field(const FieldSize& field, std::uint32_t i) const {
    return (i / width + bottom) * field.width + i % width + left;
  }
};

// electrons * transmission * (1 + contrast), never negative.
LIMPID_HOST_DEVICE inline float illuminated(float electrons, float transmission, float relative) {
  return electrons * transmission * (relative > 0.0f ? relative : 0.0f);
}

// Electrons that are expected at pixel `i` of the field in both halves. `contrasts` has those of
// even and odd frames as its parts, `grains` the grain of film as its second.
struct Illuminate {
  const PlainComplex* contrasts;
  float scale;  // of a transform without one
  const float* transmission;
  const float* film;           // null without grain
  const PlainComplex* grains;  // null without grain
  float electrons[2];
  float* expected[2];

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const float grain = grains != nullptr ? film[i] * (scale * grains[i].im) : 0.0f;
    const float parts[2] = {contrasts[i].re, contrasts[i].im};
    for (int half = 0; half < 2; ++half)
      expected[half][i] =
          illuminated(electrons[half], transmission[i], 1 + scale * parts[half] + grain);
  }
};

// The truth at pixel `i` of the image; it is the first part of `contrasts`.
struct IlluminateTruth {
  FieldSize field;
  ImagePlace place;
  const PlainComplex* contrasts;
  float scale;
  const float* transmission;
  float electrons;
  float* truth;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t from = place.in_field(field, i);
    truth[i] = illuminated(electrons, transmission[from], 1 + scale * contrasts[from].re);
  }
};

// Counts electrons, or adds up the energies that they leave, in row `i` of both halves: rows of the
// even one first.
struct RecordRow {
  std::uint32_t field_width;
  ImagePlace place;
  double detected_fraction;
  const float* energy_quantiles;  // null when electrons count alike
  const LogFactorials* log_factorials;
  std::uint64_t seed;
  std::uint64_t streams[2];
  const float* expected[2];
  float* recorded[2];  // dense

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t half = i / place.height;
    const std::uint32_t y = i % place.height;
    RandomSequence random(seed, streams[half] + y);
    const float* from = expected[half] + (y + place.bottom) * field_width + place.left;
    float* to = recorded[half] + y * place.width;
    for (std::uint32_t x = 0; x < place.width; ++x) {
      const std::int64_t electrons =
          draw_poisson(detected_fraction * static_cast<double>(from[x]), *log_factorials, random);
      to[x] = static_cast<float>(energy_quantiles != nullptr
                                     ? draw_energy_sum(energy_quantiles, electrons, random)
                                     : static_cast<double>(electrons));
    }
  }
};

// What spreads after detection, on the transform of even + i odd.
struct BlurNoise {
  FieldSize field;
  const float* table;  // Detector::noise_blur_table()
  PlainComplex* plane;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const double fx = field.frequency_x(i % field.width);
    const double fy = field.frequency_y(i / field.width);
    const double position = std::sqrt(fx * fx + fy * fy) / noise_blur_corner * noise_blur_steps;
    const auto index = static_cast<std::uint32_t>(position);
    const auto fraction = static_cast<float>(position - static_cast<double>(index));
    plane[i] = (table[index] + fraction * (table[index + 1] - table[index])) * plane[i];
  }
};

struct CropHalves {
  FieldSize field;
  ImagePlace place;
  const PlainComplex* plane;  // null: from `whole`
  float scale;
  const float* whole[2];
  float* halves[2];

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t from = place.in_field(field, i);
    halves[0][i] = plane != nullptr ? scale * plane[from].re : whole[0][from];
    halves[1][i] = plane != nullptr ? scale * plane[from].im : whole[1][from];
  }
};

// Row `i` of both halves: rows of the even one first.
struct AddReadNoise {
  ImagePlace place;
  std::uint64_t seed;
  std::uint64_t streams[2];
  double sigma[2];
  float* halves[2];

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const std::uint32_t half = i / place.height;
    const std::uint32_t y = i % place.height;
    RandomSequence random(seed, streams[half] + y);
    float* row = halves[half] + y * place.width;
    for (std::uint32_t x = 0; x < place.width; ++x)
      row[x] += static_cast<float>(sigma[half] * random.normal());
  }
};

// All of them, which may lie on each other.
struct AddHotPixels {
  const PlannedHotPixel* pixels;
  std::uint32_t count;
  float* halves[2];

  LIMPID_HOST_DEVICE void operator()(std::uint32_t) const {
    for (std::uint32_t k = 0; k < count; ++k)
      for (int half = 0; half < 2; ++half)
        halves[half][pixels[k].pixel] += pixels[k].electrons[half];
  }
};

// The micrograph: the sum of both halves, read out with the errors of the gain. Row `i`.
struct ReadOutRow {
  ImagePlace place;
  double gain_rms;
  double gain_pixel_share;
  const double* column_gain;  // null for a perfect gain
  std::uint64_t camera_seed;
  std::uint64_t first_gain_stream;  // of row 0
  float adu_per_electron;
  const float* halves[2];
  float* micrograph;

  LIMPID_HOST_DEVICE void operator()(std::uint32_t y) const {
    RandomSequence random(camera_seed, first_gain_stream + y);
    for (std::uint32_t x = 0; x < place.width; ++x) {
      const std::uint32_t i = y * place.width + x;
      float gain = 1.0f;
      if (column_gain != nullptr)
        gain +=
            static_cast<float>(gain_rms * (gain_pixel_share * random.normal() + column_gain[x]));
      micrograph[i] =
          halves[0][i] * gain * adu_per_electron + halves[1][i] * gain * adu_per_electron;
    }
  }
};

}  // namespace limpid
