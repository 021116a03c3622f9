#include "core/backend/cpu/cpu_resample.h"

#include "core/backend/activation.h"
#include "core/backend/cpu/cpu_blocks.h"
#include "core/backend/cpu/cpu_pool.h"
#include "core/base/vector_clones.h"

#include <algorithm>

namespace limpid::cpu {
namespace {

inline float to_float(float x) {
  return x;
}
inline float to_float(BFloat16 x) {
  return static_cast<float>(x);
}

struct RowSize {
  std::int64_t width = 0;  // of the smaller image
  std::int64_t channels = 0;
};

template <class Element>
LIMPID_VECTOR_CLONES void sum_row(RowPair<const Element> output_gradient,
                                  Row<const Element> value,
                                  Row<Element> gradient,
                                  RowSize size,
                                  float slope) {
  for (std::int64_t x = 0; x < size.width; ++x) {
    const Element* a = output_gradient.above[2 * x];
    const Element* b = output_gradient.above[2 * x + 1];
    const Element* c = output_gradient.below[2 * x];
    const Element* d = output_gradient.below[2 * x + 1];
    const Element* v = value[x];
    Element* to = gradient[x];
#pragma GCC ivdep
    for (std::int64_t i = 0; i < size.channels; ++i) {
      const float sum = to_float(a[i]) + to_float(b[i]) + to_float(c[i]) + to_float(d[i]);
      to[i] = Element(sum * (to_float(v[i]) > 0.0f ? 1.0f : slope));
    }
  }
}

template <class Element>
void repeat_row(Row<const Element> from, RowPair<Element> to, RowSize size) {
  const std::size_t pixel_bytes = static_cast<std::size_t>(size.channels) * sizeof(Element);
  for (const Row<Element>& row : {to.above, to.below})
    for (std::int64_t x = 0; x < size.width; ++x) {
      copy_pixel(row[2 * x], from[x], pixel_bytes);
      copy_pixel(row[2 * x + 1], from[x], pixel_bytes);
    }
}

template <class Element>
class CpuResample : public Resample {
 public:
  explicit CpuResample(const ResampleDesc& desc)
      : desc_(desc), slope_(activation_derivative(desc.input_activation, -1.0f)) {}

  void forward(const Tensor& input, const Tensor& output) override {
    switch (desc_.kind) {
      case ResampleKind::max_pool:
        return max_pool(input, output, {});
      case ResampleKind::upsample_nearest:
        if (desc_.is_odd())
          return upsample_to_odd(input, output);
        return for_each_row(desc_.input, [&](std::int64_t row) {
          repeat_row<Element>(row_of<const Element>(input, row),
                              row_pair_of<Element>(output, row),
                              {desc_.input.width, desc_.input.channels});
        });
      case ResampleKind::space_to_depth:
        return input.type() == output.type() ? gather<Element>(input, output)
                                             : gather<float>(input, output);
      case ResampleKind::depth_to_space:
        return scatter(input, output);
    }
  }

  void backward(const Tensor& input,
                const Tensor& output_gradient,
                const Tensor& input_gradient) override {
    require(!desc_.is_odd(), "no gradient for an upsampling to odd sizes");
    switch (desc_.kind) {
      case ResampleKind::max_pool:
        return max_pool_backward(
            input, output_gradient, input_gradient, {desc_.accumulate, slope_}, {});
      case ResampleKind::upsample_nearest:
        return for_each_row(desc_.input, [&](std::int64_t row) {
          sum_row<Element>(row_pair_of<const Element>(output_gradient, row),
                           row_of<const Element>(input, row),
                           row_of<Element>(input_gradient, row),
                           {desc_.input.width, desc_.input.channels},
                           slope_);
        });
      case ResampleKind::space_to_depth:
        require(desc_.input_activation == Activation::none, "space_to_depth follows no activation");
        return scatter(output_gradient, input_gradient);
      case ResampleKind::depth_to_space:
        require(desc_.input_activation == Activation::none, "depth_to_space follows no activation");
        return gather<Element>(output_gradient, input_gradient);
    }
  }

 private:
  void upsample_to_odd(const Tensor& input, const Tensor& output) const {
    for_each_row(output.shape(), [&](std::int64_t y) {
      const auto from = row_of<const Element>(input, nearest_source(y, desc_.odd_height));
      const auto to = row_of<Element>(output, y);
      for (std::int64_t x = 0; x < output.shape().width; ++x)
        std::copy_n(from[nearest_source(x, desc_.odd_width)], output.shape().channels, to[x]);
    });
  }

  // 2x2 pixels of `large` to the channels of one pixel of `small`.
  template <class Source>
  void gather(const Tensor& large, const Tensor& small) const {
    const std::int64_t channels = large.shape().channels;
    for_each_row(small.shape(), [&](std::int64_t row) {
      const auto [above, below] = row_pair_of<const Source>(large, row);
      const auto to = row_of<Element>(small, row);
      for (std::int64_t x = 0; x < small.shape().width; ++x)
        for (std::int64_t c = 0; c < channels; ++c) {
          Element* pixel = to[x] + 4 * c;
          pixel[0] = Element(to_float(above[2 * x][c]));
          pixel[1] = Element(to_float(above[2 * x + 1][c]));
          pixel[2] = Element(to_float(below[2 * x][c]));
          pixel[3] = Element(to_float(below[2 * x + 1][c]));
        }
    });
  }
  void scatter(const Tensor& small, const Tensor& large) const {
    const std::int64_t channels = large.shape().channels;
    for_each_row(small.shape(), [&](std::int64_t row) {
      const auto from = row_of<const Element>(small, row);
      const auto [above, below] = row_pair_of<Element>(large, row);
      for (std::int64_t x = 0; x < small.shape().width; ++x)
        for (std::int64_t c = 0; c < channels; ++c) {
          const Element* pixel = from[x] + 4 * c;
          above[2 * x][c] = pixel[0];
          above[2 * x + 1][c] = pixel[1];
          below[2 * x][c] = pixel[2];
          below[2 * x + 1][c] = pixel[3];
        }
    });
  }

  ResampleDesc desc_;
  float slope_;
};

}  // namespace

std::unique_ptr<Resample> make_cpu_resample(const ResampleDesc& desc) {
  if (desc.output_type == DataType::float32)
    return std::make_unique<CpuResample<float>>(desc);
  return std::make_unique<CpuResample<BFloat16>>(desc);
}

}  // namespace limpid::cpu
