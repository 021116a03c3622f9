#pragma once

#include "core/backend/cuda/cudnn/cudnn_plan.h"
#include "core/backend/ops.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace limpid::cuda {

// A strided convolution from x to y, with the tensors' layouts.
struct ConvolutionGeometry {
  Shape x;
  std::int64_t x_stride = 0;  // elements from pixel to pixel
  Shape y;
  std::int64_t y_stride = 0;
  std::int64_t kernel_size = 3;
  std::int64_t step = 1;  // of the window: 1, or 2 for a transposed convolution's inverse
  std::int64_t padding = 1;
  DataType type = DataType::bfloat16;

  std::string key() const;
  // The fewest equal parts of the batch whose tensors have at most 512 MiB each, at which cuDNN is
  // as fast as with more and its workspaces stay as small; a single larger image is one part.
  std::int64_t batch_parts() const;
  // The same convolution of one such part.
  ConvolutionGeometry part() const;
};

// What is done with the result before it is stored.
struct Epilogue {
  bool bias = false;
  Activation activation = Activation::none;     // applied to the result
  Activation derivative_of = Activation::none;  // the result is multiplied by this activation's
                                                // derivative, read off the tensor given as `mask`
};

// Forward, y = epilogue(conv(x)), or the gradient with respect to x, x = epilogue(conv^T(y)). Fuses
// the epilogue into the convolution when cuDNN can and it is faster, else runs a kernel after it.
// Either way results are rounded once: a kernel after which more than zeros change is given
// float32, and only where cuDNN cannot fuse.
class CudnnPass {
 public:
  enum class Direction { forward, backward_data };
  CudnnPass(Context& context,
            const ConvolutionGeometry& geometry,
            Direction direction,
            const Epilogue& epilogue);

  // `from` is x (forward) or y; `to` the other. `bias` and `mask` as the epilogue says, else null
  // and empty.
  void run(const Tensor& from,
           const void* weight,
           const void* bias,
           const Tensor& mask,
           const Tensor& to) const;
  // The same for one of batch_parts().
  void run_part(const Tensor& from,
                const void* weight,
                const void* bias,
                const Tensor& mask,
                const Tensor& to) const;
  // Whether cuDNN accepts `to` as it lies; otherwise the caller gives a dense tensor.
  bool is_possible() const { return fused_ != nullptr || plain_ != nullptr; }
  std::string implementation() const;

 private:
  void run_fused(const Tensor& from,
                 const void* weight,
                 const void* bias,
                 const Tensor& mask,
                 const Tensor& to) const;
  void run_plain(const Tensor& from,
                 const void* weight,
                 const void* bias,
                 const Tensor& mask,
                 const Tensor& to) const;
  void choose();
  void plan_apart(const std::string& key, const std::function<TensorAddresses()>& tuning);
  std::unique_ptr<CudnnPlan> make_plain(const std::string& key,
                                        const std::function<TensorAddresses()>& tuning);
  bool has_epilogue() const;
  bool may_fuse() const;
  // What the plain convolution writes, of a dense tensor when it is not the result itself.
  Tensor plain_result(const Tensor& to) const;

  Context& context_;
  std::int64_t parts_;            // of the batch, run one after the other
  ConvolutionGeometry geometry_;  // of one part
  Direction direction_;
  Epilogue epilogue_;
  std::unique_ptr<CudnnPlan> fused_;
  std::unique_ptr<CudnnPlan> plain_;
  std::shared_ptr<Storage> sums_;  // in float32, between plain_ and its kernel; null: in place
};

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
