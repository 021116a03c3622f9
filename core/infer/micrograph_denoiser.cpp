#include "core/infer/micrograph_denoiser.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/image/fourier.h"
#include "core/image/fourier_resample.h"
#include "core/image/frequency_crossover.h"
#include "core/image/periodic_frame.h"
#include "core/infer/working_grid.h"
#include "core/io/image_limits.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace limpid {
namespace {

// Rounded to the side of the finer pixels when these are to become larger, and to that of the
// coarser ones when smaller: the pixel size stays inside the range of the model.
std::int64_t resampled_size(std::int64_t size, double ratio) {
  const double exact = static_cast<double>(size) / ratio;
  // Without the rounding of exact divisions.
  constexpr double slack = 1e-9;
  const double rounded =
      ratio > 1 ? std::floor(exact * (1 + slack)) : std::ceil(exact * (1 - slack));
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(rounded));
}

}  // namespace

MicrographDenoiser::MicrographDenoiser(Backend& backend,
                                       const Model& model,
                                       const DenoiserOptions& denoiser_options,
                                       const MicrographDenoiserOptions& options)
    : description_(model.description),
      options_(options),
      denoiser_(backend, model, denoiser_options) {}

std::optional<double> MicrographDenoiser::working_pixel_size_for(
    const Image& image, std::optional<double> pixel_size_angstrom) const {
  if (!options_.resample || !pixel_size_angstrom)
    return std::nullopt;
  const auto target = working_pixel_size(description_, *pixel_size_angstrom);
  if (!target)
    return std::nullopt;
  const double ratio = *target / *pixel_size_angstrom;
  if (ratio > largest_resampling || 1 / ratio > largest_resampling ||
      static_cast<double>(image.pixel_count()) / (ratio * ratio) >
          static_cast<double>(largest_image_pixels)) {
    log_warning(
        "pixels of {:.4g} A are too far from the {:.4g} A that the model '{}' knows to be "
        "resampled; the micrograph is denoised as it is",
        *pixel_size_angstrom,
        *target,
        description_.name);
    return std::nullopt;
  }
  return target;
}

void MicrographDenoiser::warm_up(std::int64_t width,
                                 std::int64_t height,
                                 std::optional<double> pixel_size_angstrom) {
  if (!options_.resample || !pixel_size_angstrom ||
      !working_pixel_size(description_, *pixel_size_angstrom))
    denoiser_.warm_up(width, height);
}

MicrographDenoiser::Report MicrographDenoiser::denoise(Image& image,
                                                       std::optional<double> pixel_size_angstrom,
                                                       BlockStatistics* measured) {
  const double kept_angstrom = options_.keep_high_resolution_angstrom;
  if (kept_angstrom > 0 && !pixel_size_angstrom)
    fail(ErrorKind::input,
         "the pixel size is not known, so nothing can be kept beyond {} A; expected it in the list "
         "or the header",
         kept_angstrom);
  Report report;
  report.working_pixel_size_angstrom = working_pixel_size_for(image, pixel_size_angstrom);
  if (!report.working_pixel_size_angstrom && !(kept_angstrom > 0)) {
    report.denoiser = denoiser_.denoise(image, measured);
    return report;
  }
  report.denoiser.repaired_count = repair_non_finite(image);
  report.denoiser.scale = denoiser_.measure_scale(image);
  normalize(image, report.denoiser.scale);
  Image raw;
  if (kept_angstrom > 0)
    raw = image;
  report.denoiser.network =
      report.working_pixel_size_angstrom
          ? apply_network_resampled(image,
                                    *report.working_pixel_size_angstrom / *pixel_size_angstrom)
          : denoiser_.apply_network(image);
  if (kept_angstrom > 0)
    take_high_frequencies(image, raw, *pixel_size_angstrom / kept_angstrom);
  restore(image, report.denoiser.scale);
  return report;
}

Denoiser::NetworkUse MicrographDenoiser::apply_network_resampled(Image& image, double ratio) {
  // Of the coarser grid, for the reach of a Fourier interpolation and of what the network does at
  // edges.
  constexpr double margin_px = 32;
  const PeriodicFrame frame(image.width(),
                            image.height(),
                            static_cast<std::int64_t>(std::ceil(margin_px * std::max(1.0, ratio))));
  // Each step lets go of the images before it: a micrograph may take a large part of the memory.
  Image resampled = frame.add(image);
  image = Image();
  Spectrum spectrum = fourier_transform(resampled);
  resampled = Image();
  spectrum = resample_spectrum(
      spectrum, resampled_size(frame.width(), ratio), resampled_size(frame.height(), ratio));
  resampled = inverse_fourier_transform(spectrum);
  spectrum = Spectrum();
  // Fewer, larger pixels have less noise: the network expects a standard deviation of 1.
  const Denoiser::NetworkUse use = denoiser_.denoise(resampled).network;
  spectrum = fourier_transform(resampled);
  resampled = Image();
  spectrum = resample_spectrum(spectrum, frame.width(), frame.height());
  image = frame.remove(inverse_fourier_transform(spectrum));
  return use;
}

}  // namespace limpid
