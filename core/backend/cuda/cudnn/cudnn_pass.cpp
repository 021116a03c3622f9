#include "core/backend/cuda/cudnn/cudnn_pass.h"

#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/tuning_memory.h"

#include <fmt/format.h>

#include <limits>

namespace limpid::cuda {

CudnnPass::CudnnPass(Context& context,
                     const ConvolutionGeometry& geometry,
                     Direction direction,
                     const Epilogue& epilogue)
    : context_(context),
      parts_(geometry.batch_parts()),
      geometry_(geometry.part()),
      direction_(direction),
      epilogue_(epilogue) {
  choose();
}

bool CudnnPass::has_epilogue() const {
  return epilogue_.bias || epilogue_.activation != Activation::none ||
         epilogue_.derivative_of != Activation::none;
}

bool CudnnPass::may_fuse() const {
  return has_epilogue() && (!context_.cudnn_plan() || context_.cudnn_plan()->is_fused);
}

void CudnnPass::choose() {
  const std::string key = fmt::format(
      "{} {}", direction_ == Direction::forward ? "forward" : "backward_data", geometry_.key());
  const std::string fused_key = fmt::format("{} b{} a{} d{}",
                                            key,
                                            epilogue_.bias,
                                            static_cast<int>(epilogue_.activation),
                                            static_cast<int>(epilogue_.derivative_of));
  const std::string choice_key = fused_key + " epilogue";
  const auto remembered = context_.plans().find(choice_key);
  TuningMemory memory(context_, geometry_);
  if (may_fuse() && remembered != "kernel")
    fused_ = CudnnPlan::make(
        context_,
        fused_key,
        geometry_.type,
        [&](cudnn_frontend::graph::Graph& graph) {
          describe_pass(graph, geometry_, direction_, epilogue_);
        },
        [&] { return memory.addresses(epilogue_); });
  if (fused_ && (remembered || context_.cudnn_plan()))
    return;
  plan_apart(key, [&] { return memory.addresses({}); });
  if (!fused_ || !plain_ || memory.is_empty())
    return;

  const Tensor& from = memory.tensor(source(geometry_, direction_).number);
  const Tensor& to = memory.tensor(result(geometry_, direction_).number);
  const Tensor mask = to;
  const void* weight = memory.tensor(weight_number).data();
  const void* bias = memory.tensor(bias_number).data();
  const double never = std::numeric_limits<double>::infinity();
  const double fused_ms = measure_ms(
      context_, [&] { run_fused(from, weight, bias, mask, to); }, never);
  const double plain_ms = measure_ms(
      context_, [&] { run_plain(from, weight, bias, mask, to); }, 2 * fused_ms);
  const bool fuse = fused_ms <= plain_ms;
  (fuse ? plain_ : fused_).reset();
  context_.plans().store(choice_key, fuse ? "fused" : "kernel");
}

void CudnnPass::plan_apart(const std::string& key, const std::function<TensorAddresses()>& tuning) {
  const ConvolutionSide to = result(geometry_, direction_);
  if (needs_float32(epilogue_, geometry_.type)) {
    if (fused_)
      return;  // float32 is twice the bytes, and its engines take seconds to compile
    sums_ = context_.intermediate(Tensor::size_bytes(to.shape, DataType::float32));
    plain_ = make_plain(key + " float32", tuning);
    if (plain_)
      return;
    sums_.reset();  // what is rounded twice is better than nothing
  }
  plain_ = make_plain(key, tuning);
}

std::unique_ptr<CudnnPlan> CudnnPass::make_plain(const std::string& key,
                                                 const std::function<TensorAddresses()>& tuning) {
  return CudnnPlan::make(
      context_,
      key,
      geometry_.type,
      [&](cudnn_frontend::graph::Graph& graph) {
        describe_pass(graph, geometry_, direction_, {}, sums_ != nullptr);
      },
      [&] {
        TensorAddresses addresses = tuning();
        if (sums_ && !addresses.empty())
          addresses[result(geometry_, direction_).number] = sums_->data();
        return addresses;
      });
}

void CudnnPass::run(const Tensor& from,
                    const void* weight,
                    const void* bias,
                    const Tensor& mask,
                    const Tensor& to) const {
  for (std::int64_t part = 0; part < parts_; ++part)
    run_part(part_of(from, part, parts_),
             weight,
             bias,
             part_of(mask, part, parts_),
             part_of(to, part, parts_));
}

void CudnnPass::run_part(const Tensor& from,
                         const void* weight,
                         const void* bias,
                         const Tensor& mask,
                         const Tensor& to) const {
  if (fused_)
    run_fused(from, weight, bias, mask, to);
  else
    run_plain(from, weight, bias, mask, to);
}

void CudnnPass::run_fused(const Tensor& from,
                          const void* weight,
                          const void* bias,
                          const Tensor& mask,
                          const Tensor& to) const {
  TensorAddresses addresses{{source(geometry_, direction_).number, from.data()},
                            {result(geometry_, direction_).number, to.data()},
                            {weight_number, const_cast<void*>(weight)}};
  if (epilogue_.bias)
    addresses[bias_number] = const_cast<void*>(bias);
  if (epilogue_.derivative_of != Activation::none) {
    require(mask.pixel_stride() == to.pixel_stride(), "a mask that lies otherwise than the result");
    addresses[mask_number] = mask.data();
  }
  fused_->run(addresses);
}

Tensor CudnnPass::plain_result(const Tensor& to) const {
  return sums_ ? Tensor(to.shape(), DataType::float32, sums_) : to;
}

void CudnnPass::run_plain(const Tensor& from,
                          const void* weight,
                          const void* bias,
                          const Tensor& mask,
                          const Tensor& to) const {
  const Tensor sum = plain_result(to);
  TensorAddresses addresses{{source(geometry_, direction_).number, from.data()},
                            {result(geometry_, direction_).number, sum.data()},
                            {weight_number, const_cast<void*>(weight)}};
  plain_->run(addresses);
  if (epilogue_.bias || epilogue_.activation != Activation::none)
    add_bias_and_activate(
        sum, to, epilogue_.bias ? bias : nullptr, epilogue_.activation, context_.stream());
  if (epilogue_.derivative_of != Activation::none)
    multiply_by_derivative(sum, mask, epilogue_.derivative_of, to, context_.stream());
}

std::string CudnnPass::implementation() const {
  if (fused_)
    return "cuDNN " + fused_->name();
  if (!has_epilogue())
    return "cuDNN " + plain_->name();
  const bool rounds_twice = !sums_ && needs_float32(epilogue_, geometry_.type);
  return "cuDNN " + plain_->name() + ", epilogue apart" + (rounds_twice ? ", rounded twice" : "");
}

}  // namespace limpid::cuda
