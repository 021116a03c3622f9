#pragma once

#include "core/backend/cpu/dnnl_convolution.h"
#include "core/backend/parameters.h"

#include <cstdint>
#include <optional>

namespace limpid::cpu {

// A convolution of one or two dense inputs. Two inputs are two convolutions, the second adding to
// the first's output: no concatenated copy is ever made.
class CpuConv2d : public Conv2d {
 public:
  CpuConv2d(DnnlEngine& engine, Backend& backend, const Conv2dDesc& desc, Parameters& parameters);

  void forward(const Forward& values) override;
  void backward(const Forward& values, const Backward& gradients) override;
  Implementations implementations() const override { return first_.implementations(); }

 private:
  void pack_changed_weights();
  // `tensor` in the compute type, converted into `scratch` when it is not.
  const Tensor& in_compute_type(const Tensor& tensor, const Tensor& scratch) const;

  Conv2dDesc desc_;
  DataType compute_type_;
  Parameters& parameters_;
  std::uint64_t packed_version_ = 0;
  DnnlConvolution first_;
  std::optional<DnnlConvolution> second_;
  Tensor partial_sums_;               // empty unless two inputs make an output other than float32
  Tensor converted_input_;            // empty unless the input has another type
  Tensor converted_output_gradient_;  // empty unless the output has another type
};

}  // namespace limpid::cpu
