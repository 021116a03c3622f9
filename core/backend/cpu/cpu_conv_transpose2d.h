#pragma once

#include "core/backend/cpu/dnnl_convolution.h"
#include "core/backend/cpu/scratch.h"
#include "core/backend/parameters.h"

#include <cstdint>
#include <vector>

namespace limpid::cpu {

// The 2x2 taps do not overlap, so this is a 1x1 convolution to four times the channels (tap after
// tap), whose output is then spread over 2x2 pixels.
class CpuConvTranspose2d : public ConvTranspose2d {
 public:
  CpuConvTranspose2d(DnnlEngine& engine,
                     Scratch& scratch,
                     const ConvTranspose2dDesc& desc,
                     Parameters& parameters);

  void forward(const Tensor& input, const Tensor& output) override;
  void backward(const Tensor& input,
                const Tensor& output_gradient,
                const Tensor& input_gradient) override;
  Implementations implementations() const override { return taps_.implementations(); }

 private:
  void pack_changed_weights();
  Tensor by_tap();  // (batch, height, width, 4 * output channels)

  ConvTranspose2dDesc desc_;
  Scratch& scratch_;
  Parameters& parameters_;
  std::uint64_t packed_version_ = 0;
  DnnlConvolution taps_;
};

}  // namespace limpid::cpu
