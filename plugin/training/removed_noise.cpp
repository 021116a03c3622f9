#include "plugin/training/removed_noise.h"

#include "core/base/error.h"
#include "core/image/intensity.h"
#include "core/infer/micrograph_denoiser.h"
#include "core/metrics/rings.h"
#include "core/nn/model.h"
#include "plugin/trust/trust_window.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace limpid {
namespace {

constexpr std::size_t most_micrographs = 16;

Image read_middle(const TrainingPairs& pairs, std::int64_t index) {
  const PairSize& size = pairs.sizes[static_cast<std::size_t>(index)];
  const std::string path = pairs.source->files(index).front();
  return with_context("measuring the noise of '" + path + "'", [&] {
    Image image = read_trust_window(path, size.width, size.height);
    put_on_network_scale(image);
    return image;
  });
}

}  // namespace

NoiseSpectrum measure_removed_noise(Backend& backend,
                                    const TrainingStart& start,
                                    const TrainingPairs& pairs,
                                    const std::vector<std::int64_t>& indices) {
  Model model;
  model.description.network = start.network;
  model.description.smallest_pixel_size_angstrom = start.smallest_pixel_size_angstrom;
  model.description.largest_pixel_size_angstrom = start.largest_pixel_size_angstrom;
  model.parameters = start.values;
  MicrographDenoiser denoiser(backend, model, {}, {});
  NoiseSpectrum spectrum;
  std::size_t measured = 0;
  const std::size_t count = std::min(most_micrographs, indices.size());
  for (std::size_t i = 0; i < count; ++i)
    try {
      const Image image = read_middle(pairs, indices[i * indices.size() / count]);
      Image removed = image;
      denoiser.denoise(removed, pairs.smallest_pixel_size_angstrom);
      for (std::size_t j = 0; j < removed.pixels().size(); ++j)
        removed.pixels()[j] = image.pixels()[j] - removed.pixels()[j];
      spectrum.add(centred_transform(image, Taper::hann), centred_transform(removed, Taper::hann));
      ++measured;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input || (i + 1 == count && measured == 0))
        throw;
    }
  return spectrum;
}

}  // namespace limpid
