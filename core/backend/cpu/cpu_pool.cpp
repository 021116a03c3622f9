#include "core/backend/cpu/cpu_pool.h"

#include "core/backend/cpu/cpu_blocks.h"
#include "core/base/vector_clones.h"

#include <type_traits>

namespace limpid::cpu {
namespace {

struct PoolSize {
  std::int64_t width = 0;  // of the pooled image
  std::int64_t channels = 0;
};

// The value that comes later wins only if it is greater, as a comparison of floats says.
inline float larger(float earlier, float later) {
  return later > earlier ? later : earlier;
}

template <class Element>
LIMPID_VECTOR_CLONES void pool_row(RowPair<const Element> in, Row<Element> out, PoolSize size) {
  for (std::int64_t x = 0; x < size.width; ++x) {
    const Element* a = in.above[2 * x];
    const Element* b = in.above[2 * x + 1];
    const Element* c = in.below[2 * x];
    const Element* d = in.below[2 * x + 1];
    Element* to = out[x];
#pragma GCC ivdep
    for (std::int64_t i = 0; i < size.channels; ++i)
      to[i] = Element(larger(larger(larger(static_cast<float>(a[i]), static_cast<float>(b[i])),
                                    static_cast<float>(c[i])),
                             static_cast<float>(d[i])));
  }
}

template <class Element>
struct PoolGradientRows {
  RowPair<const Element> value;
  Row<const Element> pooled;
  RowPair<Element> result;
};

// Written out for four pixels and without branches, so that the compiler makes vectors of it.
template <class Element>
LIMPID_VECTOR_CLONES void pool_row_backward(const PoolGradientRows<Element>& rows,
                                            PoolSize size,
                                            float slope) {
  const auto update = [slope](Element& result, float value, float gradient) {
    result = Element((static_cast<float>(result) + gradient) * (value > 0.0f ? 1.0f : slope));
  };
  for (std::int64_t x = 0; x < size.width; ++x) {
    const RowPair<const Element>& value = rows.value;
    const Element* value_a = value.above[2 * x];
    const Element* value_b = value.above[2 * x + 1];
    const Element* value_c = value.below[2 * x];
    const Element* value_d = value.below[2 * x + 1];
    Element* result_a = rows.result.above[2 * x];
    Element* result_b = rows.result.above[2 * x + 1];
    Element* result_c = rows.result.below[2 * x];
    Element* result_d = rows.result.below[2 * x + 1];
    const Element* pooled = rows.pooled[x];
#pragma GCC ivdep
    for (std::int64_t i = 0; i < size.channels; ++i) {
      const auto a = static_cast<float>(value_a[i]);
      const auto b = static_cast<float>(value_b[i]);
      const auto c = static_cast<float>(value_c[i]);
      const auto d = static_cast<float>(value_d[i]);
      const float best = larger(larger(larger(a, b), c), d);
      // What is left of the gradient for a pixel when those before it were not the largest.
      const auto for_a = static_cast<float>(pooled[i]);
      const float for_b = a == best ? 0.0f : for_a;
      const float for_c = b == best ? 0.0f : for_b;
      const float for_d = c == best ? 0.0f : for_c;
      update(result_a[i], a, a == best ? for_a : 0.0f);
      update(result_b[i], b, b == best ? for_b : 0.0f);
      update(result_c[i], c, c == best ? for_c : 0.0f);
      update(result_d[i], d, for_d);
    }
  }
}

template <class Element>
void copy_row(Row<Element> from, Row<std::remove_const_t<Element>> to, const Shape& shape) {
  for (std::int64_t x = 0; x < shape.width; ++x)
    copy_pixel(to[x], from[x], static_cast<std::size_t>(shape.channels) * sizeof(Element));
}

template <class Element>
void copy_rows(RowPair<Element> from,
               RowPair<std::remove_const_t<Element>> to,
               const Shape& shape) {
  copy_row(from.above, to.above, shape);
  copy_row(from.below, to.below, shape);
}

template <class Element>
void fill_zero(RowPair<Element> rows, const Shape& shape) {
  for (const Row<Element>& row : {rows.above, rows.below})
    for (std::int64_t x = 0; x < shape.width; ++x)
      std::fill_n(row[x], shape.channels, Element());
}

// The odd last rows, which are in no pair.
template <class Element>
void copy_last_rows(const Tensor& from, const Tensor& to) {
  const Shape& shape = from.shape();
  for (std::int64_t image = 1; image <= shape.batch; ++image)
    copy_row(row_of<const Element>(from, image * shape.height - 1),
             row_of<Element>(to, image * shape.height - 1),
             shape);
}

template <class Element>
void max_pool_of(const Tensor& input, const Tensor& pooled, const Tensor& copy) {
  const PoolSize size{pooled.shape().width, pooled.shape().channels};
  for_each_row(pooled.shape(), [&](std::int64_t row) {
    const auto in = row_pair_of<const Element>(input, row);
    pool_row<Element>(in, row_of<Element>(pooled, row), size);
    if (!copy.empty())
      copy_rows(in, row_pair_of<Element>(copy, row), input.shape());
  });
  if (!copy.empty() && input.shape().height % 2 != 0)
    copy_last_rows<Element>(input, copy);
}

template <class Element>
void max_pool_backward_of(const Tensor& value,
                          const Tensor& pooled_gradient,
                          const Tensor& gradient,
                          const PoolGradientDesc& desc,
                          const Tensor& copy) {
  const PoolSize size{pooled_gradient.shape().width, value.shape().channels};
  for_each_row(pooled_gradient.shape(), [&](std::int64_t row) {
    const auto result = row_pair_of<Element>(gradient, row);
    if (!desc.accumulate)
      fill_zero(result, value.shape());
    pool_row_backward<Element>({.value = row_pair_of<const Element>(value, row),
                                .pooled = row_of<const Element>(pooled_gradient, row),
                                .result = result},
                               size,
                               desc.slope);
    if (!copy.empty())
      copy_rows(result, row_pair_of<Element>(copy, row), value.shape());
  });
}

}  // namespace

void max_pool(const Tensor& input, const Tensor& pooled, const Tensor& copy) {
  if (input.type() == DataType::float32)
    max_pool_of<float>(input, pooled, copy);
  else
    max_pool_of<BFloat16>(input, pooled, copy);
}

void max_pool_backward(const Tensor& value,
                       const Tensor& pooled_gradient,
                       const Tensor& gradient,
                       const PoolGradientDesc& desc,
                       const Tensor& copy) {
  require(value.shape().height % 2 == 0 && value.shape().width % 2 == 0,
          "the gradient of a pool of odd images");
  if (value.type() == DataType::float32)
    max_pool_backward_of<float>(value, pooled_gradient, gradient, desc, copy);
  else
    max_pool_backward_of<BFloat16>(value, pooled_gradient, gradient, desc, copy);
}

}  // namespace limpid::cpu
