#include "core/backend/cuda/cudnn/cudnn_convolution.h"

#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/tuning_memory.h"

#include <cudnn_frontend.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace limpid::cuda {

namespace fe = cudnn_frontend;
using Attributes = std::shared_ptr<fe::graph::Tensor_attributes>;

namespace {

fe::DataType_t cudnn_type(DataType type) {
  return type == DataType::float32 ? fe::DataType_t::FLOAT : fe::DataType_t::BFLOAT16;
}

// cuDNN names dimensions NCHW whatever the layout; strides say NHWC.
Attributes image(fe::graph::Graph& graph,
                 std::int64_t number,
                 const Shape& s,
                 std::int64_t stride,
                 DataType type) {
  return graph.tensor(fe::graph::Tensor_attributes()
                          .set_uid(number)
                          .set_dim({s.batch, s.channels, s.height, s.width})
                          .set_stride({s.height * s.width * stride, 1, s.width * stride, stride})
                          .set_data_type(cudnn_type(type)));
}

void mark_output(const Attributes& tensor,
                 std::int64_t number,
                 const Shape& s,
                 std::int64_t stride,
                 DataType type) {
  tensor->set_uid(number)
      .set_output(true)
      .set_dim({s.batch, s.channels, s.height, s.width})
      .set_stride({s.height * s.width * stride, 1, s.width * stride, stride})
      .set_data_type(cudnn_type(type));
}

std::vector<std::int64_t> weight_dims(const ConvolutionGeometry& g) {
  return {g.y.channels, g.x.channels, g.kernel_size, g.kernel_size};
}

std::vector<std::int64_t> weight_strides(const ConvolutionGeometry& g) {
  const std::int64_t k = g.kernel_size;
  return {k * k * g.x.channels, 1, k * g.x.channels, g.x.channels};
}

Attributes weights(fe::graph::Graph& graph, const ConvolutionGeometry& g) {
  return graph.tensor(fe::graph::Tensor_attributes()
                          .set_uid(weight_number)
                          .set_dim(weight_dims(g))
                          .set_stride(weight_strides(g))
                          .set_data_type(cudnn_type(g.type)));
}

template <class Operation>
Operation with_window(const ConvolutionGeometry& g) {
  return Operation()
      .set_padding({g.padding, g.padding})
      .set_stride({g.step, g.step})
      .set_dilation({1, 1});
}

void set_types(fe::graph::Graph& graph, DataType type) {
  graph.set_io_data_type(cudnn_type(type))
      .set_intermediate_data_type(fe::DataType_t::FLOAT)
      .set_compute_data_type(fe::DataType_t::FLOAT);
}

fe::graph::Pointwise_attributes relu(fe::PointwiseMode_t mode, Activation activation) {
  fe::graph::Pointwise_attributes attributes;
  attributes.set_mode(mode);
  if (activation == Activation::leaky_relu)
    attributes.set_relu_lower_clip_slope(leaky_relu_slope);
  return attributes;
}

struct Side {
  TensorNumber number;
  Shape shape;
  std::int64_t stride;
};

Side source(const ConvolutionGeometry& g, CudnnPass::Direction direction) {
  return direction == CudnnPass::Direction::forward ? Side{x_number, g.x, g.x_stride}
                                                    : Side{y_number, g.y, g.y_stride};
}

Side result(const ConvolutionGeometry& g, CudnnPass::Direction direction) {
  return direction == CudnnPass::Direction::forward ? Side{y_number, g.y, g.y_stride}
                                                    : Side{x_number, g.x, g.x_stride};
}

// Whether the epilogue has to be given float32, for its result to be rounded once. Zeros of a ReLU
// are exact.
bool needs_float32(const Epilogue& epilogue, DataType type) {
  return type != DataType::float32 &&
         (epilogue.bias || epilogue.activation == Activation::leaky_relu ||
          epilogue.derivative_of == Activation::leaky_relu);
}

// The same value, for which cuDNN then has engines that write it in float32.
Attributes kept_in_float32(fe::graph::Graph& graph, const Attributes& value) {
  return graph.pointwise(value,
                         fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::IDENTITY));
}

// The result is of the geometry's type and layout, or dense in float32.
void describe_pass(fe::graph::Graph& graph,
                   const ConvolutionGeometry& g,
                   CudnnPass::Direction direction,
                   const Epilogue& epilogue,
                   bool result_is_float32 = false) {
  set_types(graph, g.type);
  const Side from = source(g, direction);
  const Side to = result(g, direction);
  const Attributes input = image(graph, from.number, from.shape, from.stride, g.type);
  const Attributes weight = weights(graph, g);
  Attributes value =
      direction == CudnnPass::Direction::forward
          ? graph.conv_fprop(input, weight, with_window<fe::graph::Conv_fprop_attributes>(g))
          : graph.conv_dgrad(input, weight, with_window<fe::graph::Conv_dgrad_attributes>(g));
  value->set_dim({to.shape.batch, to.shape.channels, to.shape.height, to.shape.width});
  if (epilogue.bias) {
    const std::int64_t channels = to.shape.channels;
    const Attributes bias = graph.tensor(fe::graph::Tensor_attributes()
                                             .set_uid(bias_number)
                                             .set_dim({1, channels, 1, 1})
                                             .set_stride({channels, 1, channels, channels})
                                             .set_data_type(cudnn_type(g.type)));
    value = graph.pointwise(
        value, bias, fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::ADD));
  }
  if (epilogue.activation != Activation::none)
    value = graph.pointwise(value, relu(fe::PointwiseMode_t::RELU_FWD, epilogue.activation));
  if (epilogue.derivative_of != Activation::none) {
    const Attributes mask = image(graph, mask_number, to.shape, to.stride, g.type);
    value =
        graph.pointwise(value, mask, relu(fe::PointwiseMode_t::RELU_BWD, epilogue.derivative_of));
  }
  if (result_is_float32)
    mark_output(
        kept_in_float32(graph, value), to.number, to.shape, to.shape.channels, DataType::float32);
  else
    mark_output(value, to.number, to.shape, to.stride, g.type);
}

}  // namespace

std::int64_t ConvolutionGeometry::batch_parts() const {
  constexpr std::int64_t most_bytes = std::int64_t{1} << 29;
  const auto element = static_cast<std::int64_t>(size_bytes(type));
  const std::int64_t image_bytes =
      element * std::max(x.height * x.width * x_stride, y.height * y.width * y_stride);
  for (std::int64_t parts = 1; parts < x.batch; ++parts)
    if (x.batch % parts == 0 && x.batch / parts * image_bytes <= most_bytes)
      return parts;
  return x.batch;
}

std::string ConvolutionGeometry::key() const {
  return fmt::format("{} {}x{}x{}x{}/{} {}x{}x{}/{} k{} s{} p{}",
                     name(type),
                     x.batch,
                     x.height,
                     x.width,
                     x.channels,
                     x_stride,
                     y.height,
                     y.width,
                     y.channels,
                     y_stride,
                     kernel_size,
                     step,
                     padding);
}

ConvolutionGeometry ConvolutionGeometry::part() const {
  ConvolutionGeometry one = *this;
  one.x.batch /= batch_parts();
  one.y.batch = one.x.batch;
  return one;
}

namespace {

Tensor part_of(const Tensor& tensor, std::int64_t part, std::int64_t parts) {
  if (tensor.empty())
    return tensor;
  const std::int64_t images = tensor.shape().batch / parts;
  return tensor.images(part * images, images);
}

}  // namespace

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
        [&](fe::graph::Graph& graph) { describe_pass(graph, geometry_, direction_, epilogue_); },
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
  const Side to = result(geometry_, direction_);
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
      [&](fe::graph::Graph& graph) {
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
      [&](fe::graph::Graph& graph) {
        set_types(graph, g.type);
        const Attributes x = image(graph, x_number, g.x, g.x_stride, g.type);
        const Attributes y = image(graph, y_number, g.y, g.y_stride, g.type);
        Attributes gradient =
            graph.conv_wgrad(y, x, with_window<fe::graph::Conv_wgrad_attributes>(g));
        gradient->set_dim(weight_dims(g)).set_stride(weight_strides(g));
        if (keeps_float32)
          gradient = kept_in_float32(graph, gradient);
        gradient->set_uid(weight_number)
            .set_output(true)
            .set_dim(weight_dims(g))
            .set_stride(weight_strides(g))
            .set_data_type(cudnn_type(part_type_));
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
