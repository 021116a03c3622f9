#include "core/image/orientation.h"

#include "core/base/parallel.h"

namespace limpid {
namespace {

// Where the turned image, row after row, has the pixel (x, y) of the upright one: at
// first + x * along_x + y * along_y.
struct Walk {
  std::int64_t first = 0;
  std::int64_t along_x = 1;
  std::int64_t along_y = 1;
};

Walk walk_of(std::int64_t upright_width, std::int64_t upright_height, int orientation) {
  const bool transposes = (orientation & 4) != 0;
  const std::int64_t width = transposes ? upright_height : upright_width;
  const std::int64_t height = transposes ? upright_width : upright_height;
  const bool mirrors_x = (orientation & 1) != 0;
  const bool mirrors_y = (orientation & 2) != 0;
  const std::int64_t column = mirrors_x ? -1 : 1;
  const std::int64_t row = mirrors_y ? -width : width;
  return {.first = (mirrors_x ? width - 1 : 0) + (mirrors_y ? (height - 1) * width : 0),
          .along_x = transposes ? row : column,
          .along_y = transposes ? column : row};
}

// Calls visit(pixel of the upright image, pixel of the turned one) for all pixels.
template <class Upright, class Turned, class Visit>
void for_each_pair(Upright& upright, Turned& other, int orientation, const Visit& visit) {
  const Walk walk = walk_of(upright.width(), upright.height(), orientation);
  auto* const pixels = other.pixels().data();
  parallel_for(upright.height(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      std::int64_t index = walk.first + y * walk.along_y;
      for (auto& value : upright.row(y)) {
        visit(value, pixels[index]);
        index += walk.along_x;
      }
    }
  });
}

}  // namespace

Image turned(const Image& image, int orientation) {
  const bool transposes = (orientation & 4) != 0;
  Image result(transposes ? image.height() : image.width(),
               transposes ? image.width() : image.height());
  for_each_pair(image, result, orientation, [](float from, float& to) { to = from; });
  return result;
}

void add_turned_back(const Image& image, int orientation, Image& sum) {
  for_each_pair(sum, image, orientation, [](float& to, float from) { to += from; });
}

}  // namespace limpid
