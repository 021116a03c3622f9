#pragma once

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/cudnn/convolution_graphs.h"
#include "core/backend/cuda/cudnn/cudnn_plan.h"

#include <map>

namespace limpid::cuda {

// Memory to time convolutions on, taken when it is first asked for. Small numbers that are not
// zero: zeros can run faster than real data. Empty when the GPU has no room for it.
class TuningMemory {
 public:
  TuningMemory(Context& context, const ConvolutionGeometry& geometry);

  // Of the tensors that a pass with this epilogue has.
  TensorAddresses addresses(const Epilogue& epilogue);
  const Tensor& tensor(TensorNumber number);
  bool is_empty();

 private:
  void allocate();
  void add(TensorNumber number, Shape shape, std::int64_t stride);

  Context& context_;
  const ConvolutionGeometry& geometry_;
  bool tried_ = false;
  std::map<TensorNumber, Tensor> tensors_;
};

}  // namespace limpid::cuda
