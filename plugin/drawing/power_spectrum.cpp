#include "plugin/drawing/power_spectrum.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/fourier.h"
#include "core/metrics/rings.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <span>

namespace limpid {
namespace {

// Tiles along a side: large ones are fewer, or a large micrograph would take seconds.
constexpr std::int64_t most_tiles_per_side = 8;
constexpr std::int64_t least_tiles_per_side = 4;
constexpr std::int64_t looked_at_px = 4096;
constexpr std::int64_t least_tile_px = 128;

// First pixels of tiles that cover a side with half a tile of overlap, or leave gaps where that
// would be too many.
std::vector<std::int64_t> tile_origins(std::int64_t side, std::int64_t tile_px) {
  const std::int64_t wanted = (2 * side + tile_px - 1) / tile_px - 1;
  const std::int64_t most =
      std::clamp(looked_at_px / tile_px, least_tiles_per_side, most_tiles_per_side);
  const std::int64_t count = std::clamp<std::int64_t>(wanted, 1, most);
  std::vector<std::int64_t> origins;
  for (std::int64_t i = 0; i < count; ++i)
    origins.push_back(count == 1 ? (side - tile_px) / 2 : i * (side - tile_px) / (count - 1));
  return origins;
}

void replace_non_finite_by_mean(Image& tile) {
  double sum = 0;
  std::int64_t count = 0;
  for (const float pixel : tile.pixels())
    if (std::isfinite(pixel)) {
      sum += pixel;
      ++count;
    }
  const float mean = count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 0.0f;
  for (float& pixel : tile.pixels())
    if (!std::isfinite(pixel))
      pixel = mean;
}

Image cut_tile(const Image& image,
               const Image* subtracted,
               std::int64_t left,
               std::int64_t bottom,
               std::int64_t tile_px) {
  Image tile(tile_px, tile_px);
  for (std::int64_t y = 0; y < tile_px; ++y) {
    const std::span<float> row = tile.row(y);
    std::copy_n(image.row(bottom + y).data() + left, tile_px, row.data());
    if (subtracted != nullptr) {
      const float* const base = subtracted->row(bottom + y).data() + left;
      for (std::size_t x = 0; x < row.size(); ++x)
        row[x] -= base[x];
    }
  }
  replace_non_finite_by_mean(tile);
  return tile;
}

void add_power(const Image& tile, float factor, Image& power) {
  const Spectrum transform = centred_transform(tile, Taper::hann);
  for (std::size_t i = 0; i < transform.values().size(); ++i)
    power.pixels()[i] += factor * std::norm(transform.values()[i]);
}

std::vector<double> ring_means(const Spectrum& layout, const Image& power) {
  const Rings rings(layout.image_width(), layout.image_height());
  std::vector<double> sums(static_cast<std::size_t>(rings.count()) + 1, 0.0);
  std::vector<double> counts(sums.size(), 0.0);
  for (std::int64_t y = 0; y < power.height(); ++y)
    for (std::int64_t x = 0; x < power.width(); ++x) {
      if (x == 0 && y == 0)
        continue;
      const auto ring =
          static_cast<std::size_t>(rings.index(layout.frequency_x(x), layout.frequency_y(y)));
      sums[ring] += power.at(x, y);
      counts[ring] += 1;
    }
  for (std::size_t ring = 0; ring < sums.size(); ++ring)
    sums[ring] /= std::max(counts[ring], 1.0);
  sums[0] = sums[1];
  return sums;
}

}  // namespace

double PowerSpectrum::at(std::int64_t x, std::int64_t y) const {
  const auto wrapped = [this](std::int64_t index) {
    return index >= 0 && index < tile_px ? index : ((index % tile_px) + tile_px) % tile_px;
  };
  x = wrapped(x);
  if (x >= power.width()) {
    x = tile_px - x;
    y = -y;
  }
  return power.at(x, wrapped(y));
}

double PowerSpectrum::interpolated(double frequency_x, double frequency_y) const {
  const double x = frequency_x * static_cast<double>(tile_px);
  const double y = frequency_y * static_cast<double>(tile_px);
  const auto left = static_cast<std::int64_t>(std::floor(x));
  const auto below = static_cast<std::int64_t>(std::floor(y));
  const double part_x = x - static_cast<double>(left), part_y = y - static_cast<double>(below);
  const double lower = (1 - part_x) * at(left, below) + part_x * at(left + 1, below);
  const double upper = (1 - part_x) * at(left, below + 1) + part_x * at(left + 1, below + 1);
  return (1 - part_y) * lower + part_y * upper;
}

PowerSpectrum measure_power_spectrum(const Image& image,
                                     const Image* subtracted,
                                     std::int64_t tile_px) {
  require(subtracted == nullptr ||
              (subtracted->width() == image.width() && subtracted->height() == image.height()),
          "the power spectrum of the difference of images of unlike size");
  // Half a side gives three tiles along it: fewer leave too much speckle.
  const std::int64_t shorter = std::min(image.width(), image.height());
  tile_px = std::min(tile_px,
                     std::max<std::int64_t>(std::min(shorter, least_tile_px), 2 * (shorter / 4)));
  PowerSpectrum spectrum;
  spectrum.tile_px = tile_px;
  const Spectrum layout(tile_px, tile_px);
  spectrum.power = Image(layout.width(), layout.height());
  const std::vector<std::int64_t> lefts = tile_origins(image.width(), tile_px);
  const std::vector<std::int64_t> bottoms = tile_origins(image.height(), tile_px);
  const auto factor = static_cast<float>(1.0 / static_cast<double>(lefts.size() * bottoms.size()) /
                                         static_cast<double>(tile_px * tile_px));
  // Row by row of tiles, summed in their order, so that the number of threads does not show.
  std::vector<Image> powers(bottoms.size());
  parallel_for(
      static_cast<std::int64_t>(bottoms.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const auto index = static_cast<std::size_t>(row);
          powers[index] = Image(layout.width(), layout.height());
          for (const std::int64_t left : lefts)
            add_power(
                cut_tile(image, subtracted, left, bottoms[index], tile_px), factor, powers[index]);
        }
      });
  for (const Image& power : powers)
    for (std::size_t i = 0; i < power.pixels().size(); ++i)
      spectrum.power.pixels()[i] += power.pixels()[i];
  spectrum.ring_power = ring_means(layout, spectrum.power);
  return spectrum;
}

}  // namespace limpid
