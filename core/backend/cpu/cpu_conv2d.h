#pragma once

#include "core/backend/cpu/dnnl_convolution.h"
#include "core/backend/cpu/scratch.h"
#include "core/backend/parameters.h"

#include <cstdint>

namespace limpid::cpu {

// A convolution of one input, or of two that are neighbouring slices of one tensor. oneDNN's fast
// kernels read and write dense tensors alone, so that slices and other types go through a dense
// copy in the type of the arithmetic.
class CpuConv2d : public Conv2d {
 public:
  CpuConv2d(DnnlEngine& engine,
            DataType compute_type,
            Scratch& scratch,
            const Conv2dDesc& desc,
            Parameters& parameters);

  void forward(const Forward& values) override;
  void backward(const Forward& values, const Backward& gradients) override;
  Implementations implementations() const override { return convolution_.implementations(); }

 private:
  void pack_changed_weights();
  // The two tensors of a pair as one.
  Tensor joined(const Tensor& first, const Tensor& second) const;
  Tensor dense(const Tensor& tensor, Scratch::Place place);

  Conv2dDesc desc_;
  DataType compute_type_;
  Scratch& scratch_;
  Parameters& parameters_;
  std::uint64_t packed_version_ = 0;
  DnnlConvolution convolution_;
};

}  // namespace limpid::cpu
