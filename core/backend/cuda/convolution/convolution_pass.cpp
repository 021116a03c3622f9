#include "core/backend/cuda/convolution/convolution_pass.h"

#include "core/backend/cuda/hopper/row_convolution.h"
#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/tuning_memory.h"
#include "core/base/log.h"
#include "core/base/phase_log.h"

#include <limits>

namespace limpid::cuda {

bool has_own_convolution(const Context& context,
                         DataType type,
                         std::int64_t kernel_size,
                         std::int64_t input_channels,
                         std::int64_t output_channels) {
  return context.kernels() != Kernels::cudnn && type == DataType::bfloat16 && kernel_size == 3 &&
         can_convolve_rows(context.compute_capability(), input_channels, output_channels);
}

ConvolutionPass::ConvolutionPass(Context& context,
                                 const ConvolutionGeometry& g,
                                 const Options& options)
    : context_(context), options_(options) {
  if (g.step == 1 && g.padding == 1 && g.x_stride % 8 == 0 && g.y_stride % 8 == 0 &&
      has_own_convolution(context,
                          g.type,
                          g.kernel_size,
                          is_forward() ? g.x.channels : g.y.channels,
                          is_forward() ? g.y.channels : g.x.channels))
    choose(g);
  if (!is_own_ && !cudnn_) {
    cudnn_ = std::make_unique<CudnnPass>(context, g, options.direction, options.epilogue);
    log_phase("plan of cuDNN for " + g.key());
  }
}

void ConvolutionPass::choose(const ConvolutionGeometry& geometry) {
  if (context_.kernels() == Kernels::own) {
    is_own_ = true;
    return;
  }
  const Epilogue& epilogue = options_.epilogue;
  const std::string key = fmt::format("{} {} b{} a{} d{} p{} c{} s{} kernel",
                                      is_forward() ? "forward" : "backward_data",
                                      geometry.key(),
                                      epilogue.bias,
                                      static_cast<int>(epilogue.activation),
                                      static_cast<int>(epilogue.derivative_of),
                                      options_.pools,
                                      options_.keeps_codes,
                                      options_.has_signs);
  if (const auto remembered = context_.plans().find(key)) {
    is_own_ = *remembered == "own";
    return;
  }
  cudnn_ = std::make_unique<CudnnPass>(context_, geometry, options_.direction, epilogue);
  is_own_ = !cudnn_->is_possible() || own_is_faster(geometry.part());
  if (is_own_)
    cudnn_.reset();
  context_.plans().store(key, is_own_ ? "own" : "cudnn");
}

bool ConvolutionPass::own_is_faster(const ConvolutionGeometry& part) const {
  TuningMemory memory(context_, part);
  if (memory.is_empty())
    return true;  // it needs no workspace
  Tensors t{.from = memory.tensor(is_forward() ? x_number : y_number),
            .weight = memory.tensor(weight_number).data(),
            .to = memory.tensor(is_forward() ? y_number : x_number)};
  if (options_.epilogue.bias)
    t.bias = memory.tensor(bias_number).data();
  if (options_.epilogue.derivative_of != Activation::none)
    t.mask = t.to;
  if (options_.pools)
    t.pooled = memory.tensor(pooled_number);
  auto* record = reinterpret_cast<std::uint8_t*>(memory.tensor(record_number).data());
  if (options_.keeps_codes)
    t.pool_codes = record;
  if (options_.has_signs)
    t.signs = record;
  const double never = std::numeric_limits<double>::infinity();
  const double cudnn_ms = measure_ms(
      context_,
      [&] {
        cudnn_->run_part(t.from, t.weight, t.bias, t.mask, t.to);
        pool(t);
      },
      never);
  const double own_ms = measure_ms(
      context_, [&] { run_own(t); }, 2 * cudnn_ms);
  log_debug("{} {}: own kernel {:.3f} ms, cuDNN {:.3f} ms",
            is_forward() ? "forward" : "backward_data",
            part.key(),
            own_ms,
            cudnn_ms);
  return own_ms < cudnn_ms;
}

void ConvolutionPass::run(const Tensors& t) const {
  if (is_own_)
    return run_own(t);
  cudnn_->run(t.from, t.weight, t.bias, t.mask, t.to);
  pool(t);
}

void ConvolutionPass::run_own(const Tensors& t) const {
  const Epilogue& epilogue = options_.epilogue;
  convolve_rows({.input = t.from,
                 .output = t.to,
                 .pooled = t.pooled,
                 .pool_codes = t.pool_codes,
                 .signs = t.signs,
                 .weight = t.weight,
                 .bias = epilogue.bias ? t.bias : nullptr,
                 .activation = is_forward() ? epilogue.activation : epilogue.derivative_of,
                 .backward = !is_forward(),
                 .mask = epilogue.derivative_of == Activation::none ? Tensor() : t.mask},
                context_.multiprocessor_count(),
                context_.stream());
}

void ConvolutionPass::pool(const Tensors& t) const {
  if (options_.keeps_codes)
    max_pool_with_codes(t.to, t.pooled, t.pool_codes, context_.stream());
  else if (options_.pools)
    max_pool(t.to, t.pooled, context_.stream());
}

std::string ConvolutionPass::implementation() const {
  if (is_own_)
    return options_.pools ? "own rows, pooled" : "own rows";
  return cudnn_->implementation() + (options_.pools ? ", pool apart" : "");
}

}  // namespace limpid::cuda
