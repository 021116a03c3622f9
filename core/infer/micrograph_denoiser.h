#pragma once

#include "core/infer/denoiser.h"

#include <cstdint>
#include <optional>

namespace limpid {

struct MicrographDenoiserOptions {
  bool resample = true;  // where the model does not know the pixel size
  // Finer than this the raw frequencies are kept, on either side of a smooth crossover
  // (frequency_crossover.h); 0: none.
  double keep_high_resolution_angstrom = 0;
};

// Applies a model to micrographs of any pixel size. One outside the range of the model
// (working_grid.h) is brought to a pixel size inside it in Fourier space, denoised there and
// brought back to its own grid and grey scale: frequencies that the coarser of the two grids lacks
// are zero in the result. All other micrographs get what Denoiser makes of them. For as many
// threads as a Denoiser.
class MicrographDenoiser {
 public:
  // The backend must outlive the denoiser.
  MicrographDenoiser(Backend& backend,
                     const Model& model,
                     const DenoiserOptions& denoiser_options,
                     const MicrographDenoiserOptions& options);

  struct Report {
    Denoiser::Report denoiser;
    // At which the network worked, if the micrograph was resampled.
    std::optional<double> working_pixel_size_angstrom;
  };

  // In place. Without a pixel size nothing is resampled. Throws what Denoiser::denoise throws, and
  // Error(input) if frequencies shall be kept and the pixel size is not known. `measured` as there.
  Report denoise(Image& image,
                 std::optional<double> pixel_size_angstrom,
                 BlockStatistics* measured = nullptr);

  // See Denoiser::warm_up(); nothing is done for micrographs that will be resampled.
  void warm_up(std::int64_t width, std::int64_t height, std::optional<double> pixel_size_angstrom);

 private:
  std::optional<double> working_pixel_size_for(const Image& image,
                                               std::optional<double> pixel_size_angstrom) const;
  // Of a normalised image, on the grid whose pixels are `ratio` times as large.
  Denoiser::NetworkUse apply_network_resampled(Image& image, double ratio);

  ModelDescription description_;
  MicrographDenoiserOptions options_;
  Denoiser denoiser_;
};

}  // namespace limpid
