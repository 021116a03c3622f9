#include "core/io/gain_reference.h"

#include "core/base/error.h"
#include "core/io/micrograph_file.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

void flip_rows(Image& image) {
  for (std::int64_t y = 0; y < image.height() / 2; ++y)
    std::swap_ranges(
        image.row(y).begin(), image.row(y).end(), image.row(image.height() - 1 - y).begin());
}

Image doubled(const Image& image) {
  Image result(2 * image.width(), 2 * image.height());
  for (std::int64_t y = 0; y < result.height(); ++y)
    for (std::int64_t x = 0; x < result.width(); ++x)
      result.at(x, y) = image.at(x / 2, y / 2);
  return result;
}

// Sums of 2 x 2 pixels, as the pixels of the detector have counted.
Image halved(const Image& image) {
  Image result(image.width() / 2, image.height() / 2);
  for (std::int64_t y = 0; y < 2 * result.height(); ++y)
    for (std::int64_t x = 0; x < 2 * result.width(); ++x)
      result.at(x / 2, y / 2) += image.at(x, y);
  return result;
}

bool is_size(const Image& image, std::int64_t width, std::int64_t height) {
  return image.width() == width && image.height() == height;
}

// Sums of evenly lit frames to multipliers with a mean near 1.
void invert(Image& image) {
  double sum = 0;
  for (const float value : image.pixels())
    sum += static_cast<double>(value);
  const double mean = sum / static_cast<double>(image.pixel_count());
  for (float& value : image.pixels())
    if (value != 0)
      value = static_cast<float>(mean / static_cast<double>(value));
}

}  // namespace

Image read_gain_reference(const std::string& path,
                          const std::string& movie_path,
                          const MovieDescription& movie) {
  Image gain = read_micrograph(path).pixels;
  for (float& value : gain.pixels())
    if (!std::isfinite(value))
      value = 0;
  const bool is_eer = movie.format == MovieFormat::eer;
  const bool is_multiplier = !is_eer || path.ends_with(".gain");
  if (is_eer && is_multiplier)
    flip_rows(gain);
  if (is_eer && is_size(gain, movie.width / 2, movie.height / 2))
    gain = doubled(gain);
  else if (is_eer && is_size(gain, 2 * movie.width, 2 * movie.height))
    gain = halved(gain);
  if (!is_size(gain, movie.width, movie.height))
    fail(ErrorKind::input,
         "the gain reference '{}' has {} x {} pixels, the frames of '{}' have {} x {}",
         path,
         gain.width(),
         gain.height(),
         movie_path,
         movie.width,
         movie.height);
  if (!is_multiplier)
    invert(gain);
  if (std::all_of(gain.pixels().begin(), gain.pixels().end(), [](float v) { return v == 0; }))
    fail(ErrorKind::input, "reading '{}': a gain reference of zeros alone", path);
  return gain;
}

}  // namespace limpid
