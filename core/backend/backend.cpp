#include "core/backend/backend.h"

#include "core/backend/split_conv2d.h"

#include <utility>

namespace limpid {
namespace {

class PlainReplay : public Replay {
 public:
  explicit PlainReplay(std::function<void()> step) : step_(std::move(step)) {}
  void run() override { step_(); }

 private:
  std::function<void()> step_;
};

}  // namespace

std::unique_ptr<Conv2d> Backend::make_conv2d(const Conv2dDesc& desc, Parameters& parameters) {
  if (desc.pool_output)
    require(pool_of(desc).output() == desc.pooled(), "a pool of another shape");
  if (auto fused = try_make_conv2d(desc, parameters))
    return fused;
  require(desc.pool_output, "{} has no convolution for a plain description", name());
  Conv2dDesc plain = desc;
  plain.pool_output = false;
  return std::make_unique<SplitConv2d>(make_conv2d(plain, parameters),
                                       make_resample(pool_of(desc)));
}

std::unique_ptr<Replay> Backend::record(std::function<void()> step) {
  step();
  return std::make_unique<PlainReplay>(std::move(step));
}

Tensor Backend::allocate_tensor(const Shape& shape, DataType type) {
  return Tensor(shape, type, allocate(Tensor::size_bytes(shape, type)));
}

}  // namespace limpid
