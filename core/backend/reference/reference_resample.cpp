#include "core/backend/activation.h"
#include "core/backend/reference/elements.h"
#include "core/backend/reference/reference_backend.h"

namespace limpid::reference {
namespace {

class ReferenceResample : public Resample {
 public:
  explicit ReferenceResample(const ResampleDesc& desc) : desc_(desc) {}

  void forward(const Tensor& input, const Tensor& output) override {
    const Elements in(input), out(output);
    for_each_element(desc_.output(),
                     [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
                       const Place from = source(in, {n, y, x, c});
                       out.set(n, y, x, c, in.get(from.n, from.y, from.x, from.c));
                     });
  }

  void backward(const Tensor& input,
                const Tensor& output_gradient,
                const Tensor& input_gradient) override {
    const Elements in(input), g_out(output_gradient), g_in(input_gradient);
    // Sums are kept in double precision until all outputs have been seen.
    std::vector<double> sums(static_cast<std::size_t>(desc_.input.element_count()), 0.0);
    const auto sum_at = [&](const Place& p) -> double& {
      const Shape& s = desc_.input;
      return sums[static_cast<std::size_t>(((p.n * s.height + p.y) * s.width + p.x) * s.channels +
                                           p.c)];
    };
    for_each_element(
        desc_.output(), [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
          sum_at(source(in, {n, y, x, c})) += static_cast<double>(g_out.get(n, y, x, c));
        });
    for_each_element(
        desc_.input, [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
          const double before = desc_.accumulate ? static_cast<double>(g_in.get(n, y, x, c)) : 0.0;
          const double derivative =
              activation_derivative(desc_.input_activation, in.get(n, y, x, c));
          g_in.set(n, y, x, c, (before + sum_at({n, y, x, c})) * derivative);
        });
  }

 private:
  struct Place {
    std::int64_t n, y, x, c;
  };

  // The input element that an output element copies.
  Place source(const Elements& in, const Place& out) const {
    switch (desc_.kind) {
      case ResampleKind::max_pool:
        return largest(in, out);
      case ResampleKind::upsample_nearest:
        return {out.n,
                nearest_source(out.y, desc_.odd_height),
                nearest_source(out.x, desc_.odd_width),
                out.c};
      case ResampleKind::space_to_depth:
        return {out.n, 2 * out.y + out.c % 4 / 2, 2 * out.x + out.c % 2, out.c / 4};
      case ResampleKind::depth_to_space:
        return {out.n, out.y / 2, out.x / 2, 4 * out.c + 2 * (out.y % 2) + out.x % 2};
    }
    fail(ErrorKind::internal, "an unknown kind of resampling");
  }

  static Place largest(const Elements& in, const Place& out) {
    Place best{out.n, 2 * out.y, 2 * out.x, out.c};
    for (std::int64_t y = 2 * out.y; y < 2 * out.y + 2; ++y)
      for (std::int64_t x = 2 * out.x; x < 2 * out.x + 2; ++x)
        if (in.get(out.n, y, x, out.c) > in.get(best.n, best.y, best.x, best.c))
          best = {out.n, y, x, out.c};
    return best;
  }

  ResampleDesc desc_;
};

}  // namespace

std::unique_ptr<Resample> ReferenceBackend::make_resample(const ResampleDesc& desc) {
  return std::make_unique<ReferenceResample>(desc);
}

}  // namespace limpid::reference
