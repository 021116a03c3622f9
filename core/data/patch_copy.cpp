#include "core/data/patch_copy.h"

#include "core/base/patch_walk.h"
#include "core/base/vector_clones.h"

#include <algorithm>

namespace limpid {
namespace {

constexpr std::int64_t square_px = 64;
constexpr std::int64_t padding_px = 16;  // a cache line

// Pixels of the image in the order of the patch: `step` apart along its rows, `stride` from one row
// to the next.
struct Walk {
  const float* first;
  std::int64_t step;
  std::int64_t stride;
};

LIMPID_VECTOR_CLONES
void copy_forwards(const Walk& walk, std::int64_t size, float* patch) {
  for (std::int64_t row = 0; row < size; ++row)
    for (std::int64_t column = 0; column < size; ++column)
      patch[row * size + column] = walk.first[row * walk.stride + column];
}

LIMPID_VECTOR_CLONES
void copy_backwards(const Walk& walk, std::int64_t size, float* patch) {
  for (std::int64_t row = 0; row < size; ++row)
    for (std::int64_t column = 0; column < size; ++column)
      patch[row * size + column] = walk.first[row * walk.stride - column];
}

// Rows of the image become columns of the patch. Pieces of rows that are long enough for the
// processor to fetch ahead are read into a square and written from it: rows of an image may lie a
// power of two apart, where few of them fit in the cache together.
LIMPID_VECTOR_CLONES
void copy_transposed(const Walk& walk, std::int64_t size, float* patch) {
  float square[square_px][square_px + padding_px];
  for (std::int64_t left = 0; left < size; left += square_px)
    for (std::int64_t top = 0; top < size; top += square_px) {
      const std::int64_t rows = std::min(square_px, size - top);
      const std::int64_t columns = std::min(square_px, size - left);
      for (std::int64_t column = 0; column < columns; ++column) {
        const float* const from = walk.first + top * walk.stride + (left + column) * walk.step;
        if (walk.stride > 0)
          std::copy_n(from, rows, square[column]);
        else
          std::reverse_copy(from - rows + 1, from + 1, square[column]);
      }
      for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = 0; column < columns; ++column)
          patch[(top + row) * size + left + column] = square[column][row];
    }
}

}  // namespace

void copy_patch(const Image& image,
                std::int64_t x,
                std::int64_t y,
                int orientation,
                std::int64_t size,
                float* patch) {
  const PatchWalk places = walk_patch(image.width(), x, y, orientation, size);
  const Walk walk{
      .first = image.pixels().data() + places.first, .step = places.step, .stride = places.stride};
  if ((orientation & 4) != 0)
    copy_transposed(walk, size, patch);
  else if (walk.step < 0)
    copy_backwards(walk, size, patch);
  else
    copy_forwards(walk, size, patch);
}

}  // namespace limpid
