#include "core/backend/cuda/cudnn/cudnn_weight_gradient.h"

#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/tuning_memory.h"

#include <fmt/format.h>

#include <cstddef>

namespace limpid::cuda {

CudnnWeightGradient::CudnnWeightGradient(Context& context, const ConvolutionGeometry& geometry)
    : context_(context), parts_(geometry.batch_parts()), geometry_(geometry.part()) {
  const bool is_float32 = geometry_.type == DataType::float32;
  if (parts_ > 1 || !is_float32)
    part_gradients_ = allocate_device_memory(static_cast<std::size_t>(parts_) *
                                             Tensor::size_bytes(part(), part_type_));
  plan();
  if (plan_ || is_float32)
    return;
  part_type_ = geometry_.type;  // what is rounded twice is better than nothing
  plan();
}

Shape CudnnWeightGradient::part() const {
  const ConvolutionGeometry& g = geometry_;
  return {1, 1, 1, g.y.channels * g.kernel_size * g.kernel_size * g.x.channels};
}

void CudnnWeightGradient::plan() {
  const ConvolutionGeometry& g = geometry_;
  TuningMemory memory(context_, g);
  const bool keeps_float32 = part_type_ != g.type;
  plan_ = CudnnPlan::make(
      context_,
      fmt::format("backward_weights {}{}", g.key(), keeps_float32 ? " float32" : ""),
      g.type,
      [&](cudnn_frontend::graph::Graph& graph) {
        describe_weight_gradient(graph, g, keeps_float32);
      },
      [&] {
        TensorAddresses addresses = memory.addresses({});
        if (part_gradients_ && !addresses.empty())
          addresses[weight_number] = part_gradients_->data();
        return addresses;
      });
}

void CudnnWeightGradient::run(const Tensor& x,
                              const Tensor& y_gradient,
                              void* weight_gradient) const {
  if (parts_ == 1 && part_type_ == geometry_.type)
    return run_part(x, y_gradient, weight_gradient);
  const std::size_t part_bytes = Tensor::size_bytes(part(), part_type_);
  for (std::int64_t i = 0; i < parts_; ++i)
    run_part(part_of(x, i, parts_),
             part_of(y_gradient, i, parts_),
             part_gradients_->data() + static_cast<std::size_t>(i) * part_bytes);
  sum_blocks(part_gradients_->data(),
             part_type_,
             parts_,
             part().channels,
             geometry_.type,
             weight_gradient,
             context_.stream());
}

void CudnnWeightGradient::run_part(const Tensor& x,
                                   const Tensor& y_gradient,
                                   void* weight_gradient) const {
  TensorAddresses addresses{
      {x_number, x.data()}, {y_number, y_gradient.data()}, {weight_number, weight_gradient}};
  plan_->run(addresses);
}

}  // namespace limpid::cuda
