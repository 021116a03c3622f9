#include "core/image/periodic_frame.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/reflection.h"
#include "core/image/fourier.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace limpid {
namespace {

// What a framed pixel consists of: weight * image[first] + (1 - weight) * image[second].
struct Source {
  std::int64_t first = 0;
  std::int64_t second = 0;
  float weight = 1;
};

std::vector<Source> sources_of(std::int64_t size, std::int64_t framed, std::int64_t offset) {
  std::vector<Source> sources;
  const std::int64_t gap = framed - size;
  for (std::int64_t x = 0; x < framed; ++x) {
    const std::int64_t at = x - offset;
    if (at >= 0 && at < size) {
      sources.push_back({at, at, 1});
      continue;
    }
    // Pixels behind the end of the image, around the seam, up to its beginning.
    const std::int64_t behind = at < 0 ? at + framed - size : at - size;
    const double phase = (static_cast<double>(behind) + 0.5) / static_cast<double>(gap);
    sources.push_back({reflected_index(size + behind, size),
                       reflected_index(behind - gap, size),
                       static_cast<float>(0.5 + 0.5 * std::cos(std::numbers::pi * phase))});
  }
  return sources;
}

}  // namespace

PeriodicFrame::PeriodicFrame(std::int64_t image_width,
                             std::int64_t image_height,
                             std::int64_t margin_px)
    : horizontal_{image_width, fast_fourier_size(image_width + 2 * margin_px)},
      vertical_{image_height, fast_fourier_size(image_height + 2 * margin_px)} {}

Image PeriodicFrame::add(const Image& image) const {
  require(image.width() == horizontal_.size && image.height() == vertical_.size,
          "a frame for {} x {} pixels around an image of {} x {}",
          horizontal_.size,
          vertical_.size,
          image.width(),
          image.height());
  const auto columns = sources_of(horizontal_.size, horizontal_.framed, horizontal_.offset());
  const auto rows = sources_of(vertical_.size, vertical_.framed, vertical_.offset());
  Image framed(width(), height());
  parallel_for(height(), 16, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> blended(static_cast<std::size_t>(image.width()));
    for (std::int64_t y = begin; y < end; ++y) {
      const Source& source = rows[static_cast<std::size_t>(y)];
      const auto first = image.row(source.first);
      const auto second = image.row(source.second);
      for (std::size_t x = 0; x < blended.size(); ++x)
        blended[x] = source.weight * first[x] + (1 - source.weight) * second[x];
      const auto to = framed.row(y);
      for (std::size_t x = 0; x < to.size(); ++x)
        to[x] = columns[x].weight * blended[static_cast<std::size_t>(columns[x].first)] +
                (1 - columns[x].weight) * blended[static_cast<std::size_t>(columns[x].second)];
    }
  });
  return framed;
}

Image PeriodicFrame::remove(const Image& framed) const {
  require(framed.width() == width() && framed.height() == height(),
          "a frame of {} x {} pixels around an image of {} x {}",
          width(),
          height(),
          framed.width(),
          framed.height());
  Image image(horizontal_.size, vertical_.size);
  parallel_for(image.height(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      std::copy_n(framed.row(vertical_.offset() + y).begin() + horizontal_.offset(),
                  image.width(),
                  image.row(y).begin());
  });
  return image;
}

}  // namespace limpid
