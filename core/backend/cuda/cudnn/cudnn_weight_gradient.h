#pragma once

#include "core/backend/cuda/cudnn/convolution_geometry.h"
#include "core/backend/cuda/cudnn/cudnn_plan.h"

#include <cstdint>
#include <memory>
#include <string>

namespace limpid::cuda {

// Gradient with respect to the weights (output, row, column, input), of the geometry's type. cuDNN
// writes float32, which is rounded when the parts of the batch are summed: some of its engines add
// up parts of their own, in the type that they write.
class CudnnWeightGradient {
 public:
  CudnnWeightGradient(Context& context, const ConvolutionGeometry& geometry);
  void run(const Tensor& x, const Tensor& y_gradient, void* weight_gradient) const;
  bool is_possible() const { return plan_ != nullptr; }
  std::string implementation() const { return "cuDNN " + plan_->name(); }

 private:
  void plan();
  Shape part() const;
  void run_part(const Tensor& x, const Tensor& y_gradient, void* weight_gradient) const;

  Context& context_;
  std::int64_t parts_;
  ConvolutionGeometry geometry_;  // of one part
  std::unique_ptr<CudnnPlan> plan_;
  DataType part_type_ = DataType::float32;
  std::shared_ptr<Storage> part_gradients_;  // one after the other; null: written in place
};

}  // namespace limpid::cuda
