#pragma once

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/kernels.h"
#include "core/backend/ops.h"
#include "core/backend/parameters.h"

#include <memory>

namespace limpid::cuda {

inline Implementations narrow_kernels() {
  return {"narrow kernel", "narrow kernel", "narrow kernel"};
}

// The first layer: 1 to 4 input channels that need no gradient. On matrix instructions where they
// fit (narrow_matrix.h), as is the last layer's forward pass.
class NarrowInputConv2d : public Conv2d {
 public:
  NarrowInputConv2d(Context& context, const Conv2dDesc& desc, Parameters& parameters);
  void forward(const Forward& values) override;
  void backward(const Forward& values, const Backward& gradients) override;
  Implementations implementations() const override { return narrow_kernels(); }

 private:
  Context& context_;
  Conv2dDesc desc_;
  Parameters& parameters_;
  NarrowConvolution convolution_;
  std::shared_ptr<Storage> workspace_;
};

// The last layer: 1 to 4 output channels without an activation, float32 or the network's type. Two
// inputs are neighbouring slices of one tensor.
class NarrowOutputConv2d : public Conv2d {
 public:
  NarrowOutputConv2d(Context& context, const Conv2dDesc& desc, Parameters& parameters);
  void forward(const Forward& values) override;
  void backward(const Forward& values, const Backward& gradients) override;
  Implementations implementations() const override { return narrow_kernels(); }

 private:
  bool is_pixelwise() const { return desc_.kernel_size == 1; }
  void backward_by_taps(const Tensor& input,
                        const Tensor& output_gradient,
                        const Tensor& input_gradient);

  Context& context_;
  Conv2dDesc desc_;
  Parameters& parameters_;
  NarrowConvolution convolution_;  // as in forward(); gradients look from the other side, with flip
  std::shared_ptr<Storage> workspace_;
};

}  // namespace limpid::cuda
