#include "core/backend/cuda/weight_gradient.h"

#include "core/backend/cuda/kernel_choice.h"
#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/strip_gradient.h"

namespace limpid::cuda {

WeightGradient::WeightGradient(Context& context, const ConvolutionGeometry& geometry)
    : context_(context), geometry_(geometry), key_("gradients_of_weights " + geometry.key()) {
  const ConvolutionGeometry& g = geometry_;
  own_ = context.kernels() != Kernels::cudnn && g.kernel_size == 3 && g.step == 1 &&
         g.padding == 1 && strip_gradient_fits(g.x, g.y, g.type, context.compute_capability());
  if (!own_ || !own_is_chosen(context, key_))
    plan_cudnn();
  if (own_)
    workspace_ =
        context.workspace(strip_gradient_workspace(g.x, g.y, context.multiprocessor_count()));
}

void WeightGradient::plan_cudnn() {
  cudnn_ = std::make_unique<CudnnWeightGradient>(context_, geometry_);
  if (!cudnn_->is_possible())
    cudnn_.reset();
  sum_workspace_ = context_.workspace(column_sum_workspace(geometry_.y));
}

void WeightGradient::choose(const Tensors& tensors) {
  if (!own_ || !cudnn_)
    return;
  own_ = own_is_faster(
      context_, key_, [&] { run_own(tensors); }, [&] { run_cudnn(tensors); });
  if (own_)
    cudnn_.reset();
}

void WeightGradient::run(const Tensors& tensors) const {
  if (own_)
    run_own(tensors);
  else
    run_cudnn(tensors);
}

void WeightGradient::run_own(const Tensors& tensors) const {
  strip_gradient(tensors.x,
                 tensors.y_gradient,
                 tensors.weight_gradient,
                 tensors.bias_gradient,
                 workspace_->data(),
                 context_.multiprocessor_count(),
                 context_.stream());
}

void WeightGradient::run_cudnn(const Tensors& tensors) const {
  cudnn_->run(tensors.x, tensors.y_gradient, tensors.weight_gradient);
  column_sum(tensors.y_gradient, tensors.bias_gradient, sum_workspace_->data(), context_.stream());
}

}  // namespace limpid::cuda
