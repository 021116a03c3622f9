#pragma once

#include "core/backend/cpu/cpu_conv2d.h"

namespace limpid::cpu {

// A convolution whose output is also pooled. An output that is a slice, as that of a skip
// connection, is written while the pool reads the dense result.
class CpuPooledConv2d : public Conv2d {
 public:
  // `desc` is that of the convolution without its pool.
  CpuPooledConv2d(DnnlEngine& engine,
                  DataType compute_type,
                  Scratch& scratch,
                  const Conv2dDesc& desc,
                  Parameters& parameters);

  void forward(const Forward& values) override;
  void backward(const Forward& values, const Backward& gradients) override;
  Implementations implementations() const override;

 private:
  Tensor dense_or_scratch(const Tensor& output);

  Scratch& scratch_;
  Activation activation_;
  CpuConv2d convolution_;
};

}  // namespace limpid::cpu
