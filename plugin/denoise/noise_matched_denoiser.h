#pragma once

#include "core/infer/micrograph_denoiser.h"

#include <cstdint>
#include <optional>

namespace limpid {

// Shows a model noise that it knows: what plain sums weighted by dose have made of the noise of
// their frames (weighted_noise.h) is undone before, and put back into the result. All other
// micrographs, and all for a model that knows such noise, get what MicrographDenoiser makes of
// them. For as many threads as a Denoiser.
class NoiseMatchedDenoiser {
 public:
  NoiseMatchedDenoiser(Backend& backend,
                       const Model& model,
                       const DenoiserOptions& denoiser_options,
                       const MicrographDenoiserOptions& options,
                       bool matches_noise)
      : denoiser_(backend, model, denoiser_options, options),
        matches_noise_(matches_noise && !model.description.knows_weighted_noise) {}

  struct Report : MicrographDenoiser::Report {
    std::optional<double> weighting_dose;  // in e/A^2, if noise was matched
  };

  // In place. Looks for weights in the middle of the image, the only part that is touched if there
  // are none. Throws what MicrographDenoiser::denoise throws. `measured` as there.
  Report denoise(Image& image,
                 std::optional<double> pixel_size_angstrom,
                 BlockStatistics* measured = nullptr);

  // The same with a dose that is known: for a part of a micrograph, or its halves.
  Report denoise_weighted(Image& image,
                          std::optional<double> pixel_size_angstrom,
                          std::optional<double> weighting_dose,
                          BlockStatistics* measured = nullptr);

  // See Denoiser::warm_up().
  void warm_up(std::int64_t width, std::int64_t height, std::optional<double> pixel_size_angstrom) {
    denoiser_.warm_up(width, height, pixel_size_angstrom);
  }

 private:
  MicrographDenoiser denoiser_;
  bool matches_noise_;
};

}  // namespace limpid
