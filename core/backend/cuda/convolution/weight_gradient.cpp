#include "core/backend/cuda/convolution/weight_gradient.h"

#include "core/backend/cuda/convolution/kernel_choice.h"
#include "core/backend/cuda/convolution/strip_gradient.h"
#include "core/backend/cuda/hopper/tiles/tile_gradient.h"
#include "core/backend/cuda/kernels.h"

namespace limpid::cuda {

struct OwnWeightGradient {
  const char* name;
  decltype(&strip_gradient_fits) fits;
  decltype(&strip_gradient_workspace) workspace;
  decltype(&strip_gradient) run;
};

namespace {

// The first that fits is the one.
constexpr OwnWeightGradient own_gradients[] = {
    {"own tiles", tile_gradient_fits, tile_gradient_workspace, tile_gradient},
    {"own strips", strip_gradient_fits, strip_gradient_workspace, strip_gradient}};

const OwnWeightGradient* find_own(const Context& context, const ConvolutionGeometry& g) {
  if (context.kernels() == Kernels::cudnn || g.kernel_size != 3 || g.step != 1 || g.padding != 1)
    return nullptr;
  for (const OwnWeightGradient& own : own_gradients)
    if (own.fits(g.x, g.y, g.type, context.compute_capability()))
      return &own;
  return nullptr;
}

}  // namespace

WeightGradient::WeightGradient(Context& context, const ConvolutionGeometry& geometry)
    : context_(context), geometry_(geometry), own_(find_own(context, geometry)) {
  const ConvolutionGeometry& g = geometry_;
  key_ = fmt::format("gradients_of_weights {} {}", own_ != nullptr ? own_->name : "", g.key());
  if (own_ == nullptr || !own_is_chosen(context, key_))
    plan_cudnn();
  if (own_ != nullptr)
    workspace_ = context.workspace(own_->workspace(g.x, g.y, context.multiprocessor_count()));
}

std::string WeightGradient::implementation() const {
  return own_ != nullptr ? own_->name : cudnn_->implementation();
}

void WeightGradient::plan_cudnn() {
  cudnn_ = std::make_unique<CudnnWeightGradient>(context_, geometry_);
  if (!cudnn_->is_possible())
    cudnn_.reset();
  sum_workspace_ = context_.workspace(column_sum_workspace(geometry_.y));
}

void WeightGradient::choose(const Tensors& tensors) {
  if (own_ == nullptr || !cudnn_)
    return;
  if (own_is_faster(
          context_, key_, [&] { run_own(tensors); }, [&] { run_cudnn(tensors); }))
    cudnn_.reset();
  else
    own_ = nullptr;
}

void WeightGradient::run(const Tensors& tensors) const {
  if (own_ != nullptr)
    run_own(tensors);
  else
    run_cudnn(tensors);
}

void WeightGradient::run_own(const Tensors& tensors) const {
  own_->run(tensors.x,
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
