#pragma once

#include "core/base/host_device.h"
#include "core/simulate/field_grid.h"
#include "core/simulate/ice_layer.h"
#include "core/simulate/surface_shapes.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace limpid {

// Uneven illumination: change of intensity from side to side and excess at the corners, as
// fractions of the intensity in the middle.
struct Illumination {
  double gradient_x = 0;
  double gradient_y = 0;
  double curvature = 0;
};

// Slow undulations of the thickness are a sum of so many plane waves, which split into products of
// functions of x and of y.
inline constexpr std::size_t undulation_wave_count = 16;

// A plane wave along a column or a row of the field.
struct WavePart {
  float cosine;
  float sine;
};

// What a landscape is computed from, alike on the host and on devices: everything but lumps and the
// tables of undulations.
struct LandscapeShape {
  FieldGrid field;
  IceLayer ice;
  Illumination illumination;
  FilmShape film;
  bool has_film = false;
  double ice_path_angstrom = 1;
  double film_loss = 0;     // in mean free paths
  double film_phase = 0;    // rad
  double phase_of_ice = 0;  // rad for an angstrom of it
};

struct LandscapePixel {
  float transmission = 1;
  float phase = 0;
  float film = 0;
};

// At pixel (x, y) of the field; `relative` is what undulations make of the thickness of the ice.
LIMPID_HOST_DEVICE inline LandscapePixel landscape_at(const LandscapeShape& shape,
                                                      const Lump* lumps,
                                                      std::size_t lump_count,
                                                      std::int64_t x,
                                                      std::int64_t y,
                                                      float relative) {
  const double u = shape.field.fraction_x(static_cast<double>(x));
  const double v = shape.field.fraction_y(static_cast<double>(y));
  const double at_x = static_cast<double>(x) * shape.field.pixel_size_angstrom;
  const double at_y = static_cast<double>(y) * shape.field.pixel_size_angstrom;
  LandscapePixel pixel;
  // Losses first, in mean free paths; then the light that is left.
  float loss =
      (relative > 0.1f ? relative : 0.1f) *
      static_cast<float>(ice_thickness_angstrom(shape.ice, u, v) / shape.ice_path_angstrom);
  if (shape.has_film) {
    const double on_film = shape.film(at_x, at_y);
    pixel.film = static_cast<float>(on_film);
    pixel.phase += static_cast<float>(on_film * shape.film_phase);
    loss += static_cast<float>(on_film * shape.film_loss);
  }
  for (std::size_t i = 0; i < lump_count; ++i) {
    const double thickness = lumps[i].thickness(at_x, at_y);
    if (thickness == 0)
      continue;
    pixel.phase += static_cast<float>(shape.phase_of_ice * lumps[i].potential_factor() * thickness);
    loss += static_cast<float>(lumps[i].absorption_factor() / shape.ice_path_angstrom * thickness);
  }
  const double light =
      1 + shape.illumination.gradient_x * (u - 0.5) + shape.illumination.gradient_y * (v - 0.5) +
      shape.illumination.curvature * 2 * ((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5));
  pixel.transmission = static_cast<float>(light > 0.05 ? light : 0.05) * std::exp(-loss);
  return pixel;
}

// Pixel `i` of the field.
struct FormLandscape {
  LandscapeShape shape;
  const Lump* lumps;
  std::uint32_t lump_count;
  const WavePart* wave_columns;  // [wave][x]; null without undulations
  const WavePart* wave_rows;     // [wave][y]
  float* transmission;
  float* phase;  // null without film and lumps
  float* film;   // null without film

  LIMPID_HOST_DEVICE void operator()(std::uint32_t i) const {
    const auto width = static_cast<std::uint32_t>(shape.field.width);
    const auto height = static_cast<std::uint32_t>(shape.field.height);
    const std::uint32_t x = i % width;
    const std::uint32_t y = i / width;
    float relative = 1;
    if (wave_columns != nullptr)
      for (std::size_t wave = 0; wave < undulation_wave_count; ++wave) {
        const WavePart column = wave_columns[wave * width + x];
        const WavePart row = wave_rows[wave * height + y];
        relative += row.cosine * column.cosine - row.sine * column.sine;
      }
    const LandscapePixel pixel = landscape_at(shape, lumps, lump_count, x, y, relative);
    transmission[i] = pixel.transmission;
    if (phase != nullptr)
      phase[i] = pixel.phase;
    if (film != nullptr)
      film[i] = pixel.film;
  }
};

}  // namespace limpid
