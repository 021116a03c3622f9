#include "core/backend/cpu/cpu_resample.h"

#include "core/backend/activation.h"
#include "core/base/vector_clones.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace limpid::cpu {
namespace {

inline float to_float(float x) {
  return x;
}
inline float to_float(BFloat16 x) {
  return static_cast<float>(x);
}

// Addresses of one 2x2 block of pixels of the larger image: above left, above right, below left,
// below right.
template <class Element>
struct Block {
  Element* pixel[4];
};

template <class Element>
Block<Element> block_at(const Tensor& large, std::int64_t row, std::int64_t x) {
  const std::int64_t channels = large.shape().channels;
  const std::int64_t width = large.shape().width;
  Element* above = large.data_as<Element>() + (2 * row * width + 2 * x) * channels;
  Element* below = above + width * channels;
  return {{above, above + channels, below, below + channels}};
}

// Visits every 2x2 block: `row` counts rows of the smaller image through the batch.
template <class Visit>
void for_each_block(const Shape& small, const Visit& visit) {
  parallel_for(small.batch * small.height, 2, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t x = 0; x < small.width; ++x)
        visit(row, x, row * small.width + x);
  });
}

template <class Element>
LIMPID_VECTOR_CLONES void pool_pixel(Block<Element> in, Element* out, std::int64_t channels) {
  for (std::int64_t c = 0; c < channels; ++c) {
    Element best = in.pixel[0][c];
    for (int i = 1; i < 4; ++i)
      best = to_float(in.pixel[i][c]) > to_float(best) ? in.pixel[i][c] : best;
    out[c] = best;
  }
}

// Gradient of the pool for one output pixel: adds to the largest input (the first of equals), then
// multiplies all four by the derivative.
template <class Element>
LIMPID_VECTOR_CLONES void pool_pixel_backward(Block<Element> in,
                                              const Element* g_out,
                                              Block<Element> g_in,
                                              std::int64_t channels,
                                              std::pair<bool, float> accumulate_and_slope) {
  const auto [accumulate, slope] = accumulate_and_slope;
  for (std::int64_t c = 0; c < channels; ++c) {
    float best = to_float(in.pixel[0][c]);
    int best_at = 0;
    for (int i = 1; i < 4; ++i)
      if (to_float(in.pixel[i][c]) > best) {
        best = to_float(in.pixel[i][c]);
        best_at = i;
      }
    for (int i = 0; i < 4; ++i) {
      const float before = accumulate ? to_float(g_in.pixel[i][c]) : 0.0f;
      const float sum = before + (i == best_at ? to_float(g_out[c]) : 0.0f);
      g_in.pixel[i][c] = Element(sum * (to_float(in.pixel[i][c]) > 0.0f ? 1.0f : slope));
    }
  }
}

template <class Element>
LIMPID_VECTOR_CLONES void sum_block(
    Block<Element> g_out, const Element* value, Element* g_in, std::int64_t channels, float slope) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const float sum = to_float(g_out.pixel[0][c]) + to_float(g_out.pixel[1][c]) +
                      to_float(g_out.pixel[2][c]) + to_float(g_out.pixel[3][c]);
    g_in[c] = Element(sum * (to_float(value[c]) > 0.0f ? 1.0f : slope));
  }
}

template <class Element>
class CpuResample : public Resample {
 public:
  explicit CpuResample(const ResampleDesc& desc)
      : desc_(desc), slope_(activation_derivative(desc.input_activation, -1.0f)) {}

  void forward(const Tensor& input, const Tensor& output) override {
    const std::int64_t channels = desc_.input.channels;
    switch (desc_.kind) {
      case ResampleKind::max_pool:
        return for_each_block(desc_.output(),
                              [&](std::int64_t row, std::int64_t x, std::int64_t pixel) {
                                pool_pixel(block_at<Element>(input, row, x),
                                           output.data_as<Element>() + pixel * channels,
                                           channels);
                              });
      case ResampleKind::upsample_nearest:
        if (desc_.is_odd())
          return upsample_to_odd(input, output);
        return for_each_block(desc_.input,
                              [&](std::int64_t row, std::int64_t x, std::int64_t pixel) {
                                const Element* from = input.data_as<Element>() + pixel * channels;
                                for (Element* to : block_at<Element>(output, row, x).pixel)
                                  std::copy_n(from, channels, to);
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
    const std::int64_t channels = desc_.input.channels;
    switch (desc_.kind) {
      case ResampleKind::max_pool:
        return for_each_block(
            desc_.output(), [&](std::int64_t row, std::int64_t x, std::int64_t pixel) {
              pool_pixel_backward(block_at<Element>(input, row, x),
                                  output_gradient.data_as<Element>() + pixel * channels,
                                  block_at<Element>(input_gradient, row, x),
                                  channels,
                                  {desc_.accumulate, slope_});
            });
      case ResampleKind::upsample_nearest:
        return for_each_block(desc_.input,
                              [&](std::int64_t row, std::int64_t x, std::int64_t pixel) {
                                sum_block(block_at<Element>(output_gradient, row, x),
                                          input.data_as<Element>() + pixel * channels,
                                          input_gradient.data_as<Element>() + pixel * channels,
                                          channels,
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
    const Shape& large = output.shape();
    const std::int64_t channels = large.channels;
    parallel_for(large.height, 2, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t y = begin; y < end; ++y) {
        const Element* from = input.data_as<Element>() +
                              nearest_source(y, desc_.odd_height) * desc_.input.width * channels;
        Element* to = output.data_as<Element>() + y * large.width * channels;
        for (std::int64_t x = 0; x < large.width; ++x)
          std::copy_n(
              from + nearest_source(x, desc_.odd_width) * channels, channels, to + x * channels);
      }
    });
  }

  // 2x2 pixels of `large` to the channels of one pixel of `small`.
  template <class Source>
  void gather(const Tensor& large, const Tensor& small) const {
    const std::int64_t channels = large.shape().channels;
    for_each_block(small.shape(), [&](std::int64_t row, std::int64_t x, std::int64_t pixel) {
      const Block<Source> block = block_at<Source>(large, row, x);
      Element* to = small.data_as<Element>() + pixel * 4 * channels;
      for (std::int64_t c = 0; c < channels; ++c)
        for (int i = 0; i < 4; ++i)
          to[4 * c + i] = Element(to_float(block.pixel[i][c]));
    });
  }
  void scatter(const Tensor& small, const Tensor& large) const {
    const std::int64_t channels = large.shape().channels;
    for_each_block(small.shape(), [&](std::int64_t row, std::int64_t x, std::int64_t pixel) {
      const Element* from = small.data_as<Element>() + pixel * 4 * channels;
      const Block<Element> block = block_at<Element>(large, row, x);
      for (std::int64_t c = 0; c < channels; ++c)
        for (int i = 0; i < 4; ++i)
          block.pixel[i][c] = from[4 * c + i];
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
