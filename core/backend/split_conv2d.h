#pragma once

#include "core/backend/ops.h"

#include <memory>

namespace limpid {

// A convolution with pool_output as two operations, for backends that cannot fuse them.
class SplitConv2d : public Conv2d {
 public:
  SplitConv2d(std::unique_ptr<Conv2d> convolution, std::unique_ptr<Resample> pool);

  void forward(const Forward& values) override;
  void backward(const Forward& values, const Backward& gradients) override;
  Implementations implementations() const override;

 private:
  std::unique_ptr<Conv2d> convolution_;
  std::unique_ptr<Resample> pool_;
};

}  // namespace limpid
