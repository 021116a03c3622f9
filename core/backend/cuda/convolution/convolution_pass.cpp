#include "core/backend/cuda/convolution/convolution_pass.h"

#include "core/backend/cuda/hopper/rows/row_convolution.h"
#include "core/backend/cuda/hopper/wide/wide_convolution.h"
#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/tuning_memory.h"
#include "core/base/log.h"
#include "core/base/phase_log.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace limpid::cuda {

namespace {

constexpr OwnConvolution all_own_convolutions[] = {
    {"own rows", can_convolve_rows, convolve_rows, true},
    {"own wide", can_convolve_wide, convolve_wide, false}};
constexpr auto by_cudnn = "cudnn";

// Narrow images fill half a strip of rows at most; with few channels boxes are no better.
bool is_for_boxes(const OwnConvolutionProblem& p) {
  return p.width <= 64 && p.input_channels >= 128;
}

}  // namespace

std::vector<const OwnConvolution*> own_convolutions(const Context& context,
                                                    const OwnConvolutionProblem& p) {
  std::vector<const OwnConvolution*> found;
  if (context.kernels() == Kernels::cudnn || p.type != DataType::bfloat16 || p.kernel_size != 3)
    return found;
  for (const OwnConvolution& own : all_own_convolutions)
    if (own.fits(context.compute_capability(), p.input_channels, p.output_channels))
      found.push_back(&own);
  if (is_for_boxes(p))
    std::reverse(found.begin(), found.end());
  return found;
}

ConvolutionPass::ConvolutionPass(Context& context,
                                 const ConvolutionGeometry& geometry,
                                 const Options& options)
    : context_(context), options_(options) {
  choose(geometry, find_own(geometry));
  if (own_ != nullptr) {
    cudnn_.reset();
  } else if (!cudnn_) {
    cudnn_ = std::make_unique<CudnnPass>(context, geometry, options.direction, options.epilogue);
    log_phase("plan of cuDNN for " + geometry.key());
  }
}

ConvolutionPass::Candidates ConvolutionPass::find_own(const ConvolutionGeometry& g) const {
  if (g.step != 1 || g.padding != 1 || g.x_stride % 8 != 0 || g.y_stride % 8 != 0)
    return {};
  return own_convolutions(context_,
                          {.type = g.type,
                           .kernel_size = g.kernel_size,
                           .width = g.x.width,
                           .input_channels = is_forward() ? g.x.channels : g.y.channels,
                           .output_channels = is_forward() ? g.y.channels : g.x.channels});
}

std::string ConvolutionPass::key(const ConvolutionGeometry& geometry) const {
  const Epilogue& epilogue = options_.epilogue;
  return fmt::format("{} {} b{} a{} d{} p{} c{} s{} kernel",
                     is_forward() ? "forward" : "backward_data",
                     geometry.key(),
                     epilogue.bias,
                     static_cast<int>(epilogue.activation),
                     static_cast<int>(epilogue.derivative_of),
                     options_.pools,
                     options_.keeps_codes,
                     options_.has_signs);
}

void ConvolutionPass::choose(const ConvolutionGeometry& geometry, const Candidates& candidates) {
  if (candidates.empty())
    return;
  own_ = candidates.front();
  if (context_.kernels() == Kernels::own)
    return;
  if (const auto remembered = context_.plans().find(key(geometry))) {
    own_ = nullptr;
    for (const OwnConvolution* own : candidates)
      if (*remembered == own->name)
        own_ = own;
    return;
  }
  cudnn_ = std::make_unique<CudnnPass>(context_, geometry, options_.direction, options_.epilogue);
  choose_by_time(geometry.part(), candidates);
  context_.plans().store(key(geometry), own_ != nullptr ? own_->name : by_cudnn);
}

void ConvolutionPass::choose_by_time(const ConvolutionGeometry& part,
                                     const Candidates& candidates) {
  TuningMemory memory(context_, part);
  if (memory.is_empty())
    return;  // the first needs no workspace
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
  double best_ms = std::numeric_limits<double>::infinity();
  const auto measure = [&](const OwnConvolution* own, const std::function<void()>& work) {
    const double ms = measure_ms(context_, work, 2 * best_ms);
    log_debug("{}: {} {:.3f} ms", key(part), own != nullptr ? own->name : by_cudnn, ms);
    if (ms < best_ms) {
      best_ms = ms;
      own_ = own;
    }
  };
  if (cudnn_->is_possible())
    measure(nullptr, [&] {
      cudnn_->run_part(t.from, t.weight, t.bias, t.mask, t.to);
      pool(t);
    });
  for (const OwnConvolution* own : candidates)
    measure(own, [&] { run_own(*own, t); });
}

bool ConvolutionPass::keeps_signs() const {
  return own_ != nullptr && own_->keeps_signs && options_.has_signs;
}

void ConvolutionPass::run(const Tensors& t) const {
  if (own_ != nullptr)
    return run_own(*own_, t);
  cudnn_->run(t.from, t.weight, t.bias, t.mask, t.to);
  pool(t);
}

void ConvolutionPass::run_own(const OwnConvolution& own, const Tensors& t) const {
  const Epilogue& epilogue = options_.epilogue;
  own.run({.input = t.from,
           .output = t.to,
           .pooled = t.pooled,
           .pool_codes = t.pool_codes,
           .signs = own.keeps_signs ? t.signs : nullptr,
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
  if (own_ != nullptr)
    return options_.pools ? std::string(own_->name) + ", pooled" : own_->name;
  return cudnn_->implementation() + (options_.pools ? ", pool apart" : "");
}

}  // namespace limpid::cuda
