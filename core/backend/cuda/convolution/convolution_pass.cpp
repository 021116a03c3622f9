#include "core/backend/cuda/convolution/convolution_pass.h"

#include "core/backend/cuda/hopper/row_convolution.h"
#include "core/backend/cuda/tuning_memory.h"
#include "core/base/log.h"

#include <limits>

namespace limpid::cuda {
namespace {

bool has_own_kernel(const Context& context,
                    const ConvolutionGeometry& g,
                    CudnnPass::Direction direction) {
  const bool is_forward = direction == CudnnPass::Direction::forward;
  return context.kernels() != Kernels::cudnn && g.type == DataType::bfloat16 &&
         g.kernel_size == 3 && g.step == 1 && g.padding == 1 && g.x_stride % 8 == 0 &&
         g.y_stride % 8 == 0 &&
         can_convolve_rows(context.compute_capability(),
                           is_forward ? g.x.channels : g.y.channels,
                           is_forward ? g.y.channels : g.x.channels);
}

}  // namespace

ConvolutionPass::ConvolutionPass(Context& context,
                                 const ConvolutionGeometry& geometry,
                                 Direction direction,
                                 const Epilogue& epilogue)
    : context_(context), direction_(direction), epilogue_(epilogue) {
  if (has_own_kernel(context, geometry, direction))
    choose(geometry);
  if (!is_own_ && !cudnn_)
    cudnn_ = std::make_unique<CudnnPass>(context, geometry, direction, epilogue);
}

void ConvolutionPass::choose(const ConvolutionGeometry& geometry) {
  if (context_.kernels() == Kernels::own) {
    is_own_ = true;
    return;
  }
  const std::string key =
      fmt::format("{} {} b{} a{} d{} kernel",
                  direction_ == Direction::forward ? "forward" : "backward_data",
                  geometry.key(),
                  epilogue_.bias,
                  static_cast<int>(epilogue_.activation),
                  static_cast<int>(epilogue_.derivative_of));
  if (const auto remembered = context_.plans().find(key)) {
    is_own_ = *remembered == "own";
    return;
  }
  cudnn_ = std::make_unique<CudnnPass>(context_, geometry, direction_, epilogue_);
  is_own_ = !cudnn_->is_possible() || own_is_faster(geometry.part());
  if (is_own_)
    cudnn_.reset();
  context_.plans().store(key, is_own_ ? "own" : "cudnn");
}

bool ConvolutionPass::own_is_faster(const ConvolutionGeometry& part) const {
  TuningMemory memory(context_, part);
  if (memory.is_empty())
    return true;  // it needs no workspace
  const bool is_forward = direction_ == Direction::forward;
  const Tensor& from = memory.tensor(is_forward ? x_number : y_number);
  const Tensor& to = memory.tensor(is_forward ? y_number : x_number);
  const Tensor mask = epilogue_.derivative_of == Activation::none ? Tensor() : to;
  const void* weight = memory.tensor(weight_number).data();
  const void* bias = epilogue_.bias ? memory.tensor(bias_number).data() : nullptr;
  const double never = std::numeric_limits<double>::infinity();
  const double cudnn_ms = measure_ms(
      context_, [&] { cudnn_->run_part(from, weight, bias, mask, to); }, never);
  const double own_ms = measure_ms(
      context_, [&] { run_own(from, weight, bias, mask, to); }, 2 * cudnn_ms);
  log_debug("{} {}: own kernel {:.3f} ms, cuDNN {:.3f} ms",
            is_forward ? "forward" : "backward_data",
            part.key(),
            own_ms,
            cudnn_ms);
  return own_ms < cudnn_ms;
}

void ConvolutionPass::run(const Tensor& from,
                          const void* weight,
                          const void* bias,
                          const Tensor& mask,
                          const Tensor& to) const {
  if (is_own_)
    run_own(from, weight, bias, mask, to);
  else
    cudnn_->run(from, weight, bias, mask, to);
}

void ConvolutionPass::run_own(const Tensor& from,
                              const void* weight,
                              const void* bias,
                              const Tensor& mask,
                              const Tensor& to) const {
  const bool is_forward = direction_ == Direction::forward;
  convolve_rows({.input = from,
                 .output = to,
                 .weight = weight,
                 .bias = epilogue_.bias ? bias : nullptr,
                 .activation = is_forward ? epilogue_.activation : epilogue_.derivative_of,
                 .backward = !is_forward,
                 .mask = epilogue_.derivative_of == Activation::none ? Tensor() : mask},
                context_.multiprocessor_count(),
                context_.stream());
}

}  // namespace limpid::cuda
