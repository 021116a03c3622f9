#include "plugin/trust/trust_window.h"

#include "core/base/error.h"
#include "core/image/intensity.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc_reader.h"

#include <algorithm>

namespace limpid {
namespace {

struct Window {
  std::int64_t left, bottom, width, height;
};

Window window_of(std::int64_t width, std::int64_t height) {
  const std::int64_t w = std::min(width, largest_trust_window_px);
  const std::int64_t h = std::min(height, largest_trust_window_px);
  return {(width - w) / 2, (height - h) / 2, w, h};
}

// Columns `left` and on of whole rows.
Image cut_columns(const Image& rows, std::int64_t first_row, const Window& window) {
  Image part(window.width, window.height);
  for (std::int64_t y = 0; y < window.height; ++y)
    std::copy_n(rows.row(first_row + y).begin() + window.left, window.width, part.row(y).begin());
  return part;
}

}  // namespace

Image trust_window(const Image& micrograph) {
  const Window window = window_of(micrograph.width(), micrograph.height());
  return cut_columns(micrograph, window.bottom, window);
}

Image read_trust_window(const std::string& path, std::int64_t width, std::int64_t height) {
  const MicrographDescription description = describe_micrograph(path);
  if (description.width != width || description.height != height)
    fail(ErrorKind::input,
         "'{}' has {} x {} pixels, its micrograph {} x {}",
         path,
         description.width,
         description.height,
         width,
         height);
  const Window window = window_of(width, height);
  Image part;
  if (description.format == MicrographFormat::mrc) {
    Image rows(width, window.height);
    MrcReader(path).read_rows(0, window.bottom, rows.pixels());
    part = cut_columns(rows, 0, window);
  } else {
    part = trust_window(read_micrograph(path).pixels);
  }
  repair_non_finite(part);
  return part;
}

}  // namespace limpid
