#pragma once

#include "core/base/parallel.h"
#include "core/tensor/tensor.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

// Walks over the 2x2 blocks of pixels that pools and resampling take together.
namespace limpid::cpu {

// memcpy for the few cache lines of a pixel, where calling it would take longer than the copy.
inline void copy_pixel(void* to, const void* from, std::size_t size_bytes) {
  constexpr std::size_t line_bytes = 64;
  auto* target = static_cast<std::byte*>(to);
  const auto* source = static_cast<const std::byte*>(from);
  for (; size_bytes >= line_bytes; size_bytes -= line_bytes) {
    std::memcpy(target, source, line_bytes);
    target += line_bytes;
    source += line_bytes;
  }
  if (size_bytes > 0)
    std::memcpy(target, source, size_bytes);
}

// A row of pixels of a tensor, dense or a slice of a wider one.
template <class Element>
struct Row {
  Element* first = nullptr;
  std::int64_t stride = 0;  // from pixel to pixel, in elements

  Element* operator[](std::int64_t x) const { return first + x * stride; }
};

// `row` counts rows through the batch.
template <class Element>
Row<Element> row_of(const Tensor& tensor, std::int64_t row) {
  const std::int64_t stride = tensor.pixel_stride();
  return {tensor.data_as<Element>() + row * tensor.shape().width * stride, stride};
}

// Two rows of the larger image.
template <class Element>
struct RowPair {
  Row<Element> above;
  Row<Element> below;
};

// Of the larger image, those that belong to `row` of the smaller one, which counts through the
// batch. An odd last row of an image is in no pair.
template <class Element>
RowPair<Element> row_pair_of(const Tensor& large, std::int64_t row) {
  const std::int64_t small_height = large.shape().height / 2;
  const std::int64_t above = row / small_height * large.shape().height + row % small_height * 2;
  return {row_of<Element>(large, above), row_of<Element>(large, above + 1)};
}

// Calls visit(row of the smaller image) for all rows of the batch.
template <class Visit>
void for_each_row(const Shape& small, const Visit& visit) {
  constexpr std::int64_t grain_elements = 1 << 13;
  const std::int64_t row_elements = std::max<std::int64_t>(1, small.width * small.channels);
  parallel_for(small.batch * small.height,
               std::max<std::int64_t>(1, grain_elements / row_elements),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t row = begin; row < end; ++row)
                   visit(row);
               });
}

}  // namespace limpid::cpu
