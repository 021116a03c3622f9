#pragma once

#include "core/backend/cuda/cudnn/convolution_graphs.h"
#include "core/backend/cuda/cudnn/cudnn_plan.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace limpid::cuda {

// Forward, y = epilogue(conv(x)), or the gradient with respect to x, x = epilogue(conv^T(y)). Fuses
// the epilogue into the convolution when cuDNN can and it is faster, else runs a kernel after it.
// Either way results are rounded once: a kernel after which more than zeros change is given
// float32, and only where cuDNN cannot fuse.
class CudnnPass {
 public:
  using Direction = ConvolutionDirection;
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

}  // namespace limpid::cuda
