#include "core/backend/cuda/convolution/cuda_conv_transpose2d.h"

#include "core/backend/cuda/convolution/cuda_conv2d.h"
#include "core/backend/cuda/convolution/kernel_choice.h"
#include "core/backend/cuda/convolution/transposed_convolution.h"
#include "core/backend/cuda/hopper/tiles/upsampling_tile_gradient.h"
#include "core/backend/cuda/hopper/wide/upsampling_input_gradient.h"
#include "core/backend/cuda/kernels.h"

#include <algorithm>

namespace limpid::cuda {

struct OwnUpsamplingGradient {
  const char* name;
  decltype(&transposed_gradient_fits) fits;
  decltype(&transposed_gradient_workspace) workspace;
  decltype(&transposed_gradient) run;
};

namespace {

// The first that fits is the one.
constexpr OwnUpsamplingGradient own_gradients[] = {{"own tiles",
                                                    upsampling_tile_gradient_fits,
                                                    upsampling_tile_gradient_workspace,
                                                    upsampling_tile_gradient},
                                                   {"own upsampling",
                                                    transposed_gradient_fits,
                                                    transposed_gradient_workspace,
                                                    transposed_gradient}};

const OwnUpsamplingGradient* find_own_gradient(const Context& context,
                                               const ConvTranspose2dDesc& desc) {
  if (context.kernels() == Kernels::cudnn)
    return nullptr;
  for (const OwnUpsamplingGradient& own : own_gradients)
    if (own.fits(desc.input, desc.output_channels, desc.type, context.compute_capability()))
      return &own;
  return nullptr;
}

}  // namespace

CudaConvTranspose2d::CudaConvTranspose2d(Context& context,
                                         const ConvTranspose2dDesc& desc,
                                         Parameters& parameters)
    : context_(context), desc_(desc), parameters_(parameters) {}

ConvolutionGeometry CudaConvTranspose2d::geometry(const Tensor& large, const Tensor& small) const {
  return {.x = large.shape(),
          .x_stride = large.pixel_stride(),
          .y = small.shape(),
          .y_stride = small.pixel_stride(),
          .kernel_size = 2,
          .step = 2,
          .padding = 0,
          .type = desc_.type};
}

Tensor CudaConvTranspose2d::dense_output() const {
  return Tensor(desc_.output(), desc_.type, dense_memory_);
}

bool CudaConvTranspose2d::may_be_own() const {
  return context_.kernels() != Kernels::cudnn &&
         transposed_convolution_fits(
             desc_.input, desc_.output_channels, desc_.type, context_.compute_capability());
}

void CudaConvTranspose2d::plan_forward(const Tensor& input, const Tensor& output) {
  const std::string key = "upsampling " + geometry(output, input).key();
  own_ = may_be_own();
  if (own_ && own_is_chosen(context_, key))
    return;
  plan_cudnn_forward(input, output);
  if (own_)
    own_ = own_is_faster(
        context_, key, [&] { run_own(input, output); }, [&] { run_cudnn(input, output); });
  if (own_)
    forward_.reset();
}

void CudaConvTranspose2d::plan_cudnn_forward(const Tensor& input, const Tensor& output) {
  const auto plan = [&](const Tensor& large) {
    forward_ = std::make_unique<CudnnPass>(context_,
                                           geometry(large, input),
                                           CudnnPass::Direction::backward_data,
                                           Epilogue{.bias = true});
    return forward_->is_possible();
  };
  if (plan(output))
    return;
  dense_output_ = true;
  dense_memory_ = allocate_device_memory(Tensor::size_bytes(desc_.output(), desc_.type));
  if (!plan(dense_output()))
    fail(ErrorKind::device,
         "cuDNN has no transposed convolution for {}",
         geometry(output, input).key());
}

void CudaConvTranspose2d::forward(const Tensor& input, const Tensor& output) {
  if (!own_ && !forward_)
    plan_forward(input, output);
  if (own_)
    run_own(input, output);
  else
    run_cudnn(input, output);
}

void CudaConvTranspose2d::run_own(const Tensor& input, const Tensor& output) {
  transposed_convolution(input,
                         output,
                         weight_address(parameters_, desc_.weight),
                         weight_address(parameters_, desc_.bias),
                         {.count = context_.multiprocessor_count(),
                          .compute_capability = context_.compute_capability()},
                         context_.stream());
}

void CudaConvTranspose2d::run_cudnn(const Tensor& input, const Tensor& output) {
  const Tensor large = dense_output_ ? dense_output() : output;
  forward_->run(input,
                weight_address(parameters_, desc_.weight),
                weight_address(parameters_, desc_.bias),
                {},
                large);
  if (dense_output_)
    copy(large, output, context_.stream());
}

void CudaConvTranspose2d::plan_cudnn_backward(const Tensor& input,
                                              const Tensor& output_gradient,
                                              bool with_data,
                                              bool with_weights) {
  const Epilogue epilogue{.derivative_of = desc_.input_activation};
  const auto plan = [&](const Tensor& large) {
    if (with_data)
      backward_data_ = std::make_unique<CudnnPass>(
          context_, geometry(large, input), CudnnPass::Direction::forward, epilogue);
    if (with_weights)
      backward_weights_ = std::make_unique<CudnnWeightGradient>(context_, geometry(large, input));
    return (!with_data || backward_data_->is_possible()) &&
           (!with_weights || backward_weights_->is_possible());
  };
  if (plan(output_gradient))
    return;
  dense_gradient_ = true;
  if (!dense_memory_)
    dense_memory_ = allocate_device_memory(Tensor::size_bytes(desc_.output(), desc_.type));
  if (!plan(dense_output()))
    fail(ErrorKind::device, "cuDNN has no gradient for {}", geometry(output_gradient, input).key());
}

bool CudaConvTranspose2d::may_have_own_data() const {
  return context_.kernels() != Kernels::cudnn &&
         upsampling_input_gradient_fits(
             desc_.input, desc_.output_channels, desc_.type, context_.compute_capability());
}

void CudaConvTranspose2d::plan_backward(const Tensor& input,
                                        const Tensor& output_gradient,
                                        const Tensor& input_gradient) {
  const OwnUpsamplingGradient* own = find_own_gradient(context_, desc_);
  const std::string geometry_key = geometry(output_gradient, input).key();
  const std::string key =
      fmt::format("gradients_of_upsampling {} {}", own != nullptr ? own->name : "", geometry_key);
  const std::string data_key = "gradient_of_upsampled " + geometry_key;
  const bool needs_cudnn = own == nullptr || !own_is_chosen(context_, key);
  own_data_ = may_have_own_data();
  const bool data_needs_cudnn =
      !input_gradient.empty() && !(own_data_ && own_is_chosen(context_, data_key));
  if (needs_cudnn || data_needs_cudnn)
    plan_cudnn_backward(input, output_gradient, data_needs_cudnn, needs_cudnn);
  std::size_t workspace_bytes = column_sum_workspace(desc_.output());
  if (own != nullptr)
    workspace_bytes = std::max(
        workspace_bytes,
        own->workspace(desc_.input, desc_.output_channels, context_.multiprocessor_count()));
  gradient_workspace_ = context_.workspace(workspace_bytes);
  own_gradient_ = own;
  const Tensor large = readable(output_gradient);
  if (own_data_ && data_needs_cudnn)
    own_data_ = own_is_faster(
        context_,
        data_key,
        [&] { data_gradient_by_own(input, large, input_gradient); },
        [&] { data_gradient_by_cudnn(input, large, input_gradient); });
  if (own_data_)
    backward_data_.reset();
  if (own != nullptr && needs_cudnn &&
      !own_is_faster(
          context_,
          key,
          [&] { weight_gradient_by_own(input, large); },
          [&] { weight_gradient_by_cudnn(input, large); }))
    own_gradient_ = nullptr;
  if (own_gradient_ != nullptr)
    backward_weights_.reset();
  dense_gradient_ = dense_gradient_ && (backward_data_ || backward_weights_);  // ours read slices
}

Tensor CudaConvTranspose2d::readable(const Tensor& output_gradient) {
  if (!dense_gradient_)
    return output_gradient;
  copy(output_gradient, dense_output(), context_.stream());
  return dense_output();
}

void CudaConvTranspose2d::data_gradient_by_own(const Tensor& input,
                                               const Tensor& large,
                                               const Tensor& input_gradient) {
  upsampling_input_gradient({.output_gradient = large,
                             .weight = weight_address(parameters_, desc_.weight),
                             .input = input,
                             .input_activation = desc_.input_activation,
                             .input_gradient = input_gradient},
                            context_.multiprocessor_count(),
                            context_.stream());
}

void CudaConvTranspose2d::data_gradient_by_cudnn(const Tensor& input,
                                                 const Tensor& large,
                                                 const Tensor& input_gradient) {
  backward_data_->run(
      large, weight_address(parameters_, desc_.weight), nullptr, input, input_gradient);
}

void CudaConvTranspose2d::weight_gradient_by_own(const Tensor& input, const Tensor& large) {
  own_gradient_->run(input,
                     large,
                     gradient_address(parameters_, desc_.weight),
                     gradient_address(parameters_, desc_.bias),
                     gradient_workspace_->data(),
                     context_.multiprocessor_count(),
                     context_.stream());
}

void CudaConvTranspose2d::weight_gradient_by_cudnn(const Tensor& input, const Tensor& large) {
  backward_weights_->run(large, input, gradient_address(parameters_, desc_.weight));
  column_sum(large,
             gradient_address(parameters_, desc_.bias),
             gradient_workspace_->data(),
             context_.stream());
}

void CudaConvTranspose2d::backward(const Tensor& input,
                                   const Tensor& output_gradient,
                                   const Tensor& input_gradient) {
  const bool is_planned = own_gradient_ != nullptr || backward_weights_;
  const bool has_data = input_gradient.empty() || own_data_ || backward_data_;
  if (!is_planned || !has_data)
    plan_backward(input, output_gradient, input_gradient);
  const Tensor large = readable(output_gradient);
  if (own_gradient_ != nullptr)
    weight_gradient_by_own(input, large);
  else
    weight_gradient_by_cudnn(input, large);
  if (input_gradient.empty())
    return;
  if (own_data_)
    data_gradient_by_own(input, large, input_gradient);
  else
    data_gradient_by_cudnn(input, large, input_gradient);
}

Implementations CudaConvTranspose2d::implementations() const {
  Implementations names;
  if (own_)
    names.forward = "own upsampling";
  else if (forward_)
    names.forward = forward_->implementation() + (dense_output_ ? ", copied" : "");
  if (own_data_)
    names.data_gradient = "own wide";
  else if (backward_data_)
    names.data_gradient = backward_data_->implementation() + (dense_gradient_ ? ", copied" : "");
  if (own_gradient_ != nullptr)
    names.weight_gradient = own_gradient_->name;
  else if (backward_weights_)
    names.weight_gradient = backward_weights_->implementation();
  return names;
}

}  // namespace limpid::cuda
