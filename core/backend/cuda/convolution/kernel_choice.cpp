#include "core/backend/cuda/convolution/kernel_choice.h"

#include "core/backend/cuda/cudnn/cudnn_plan.h"
#include "core/base/log.h"

#include <limits>

namespace limpid::cuda {

bool own_is_chosen(Context& context, const std::string& key) {
  return context.kernels() == Kernels::own || context.plans().find(key) == "own";
}

bool own_is_faster(Context& context,
                   const std::string& key,
                   const std::function<void()>& own,
                   const std::function<void()>& cudnn) {
  if (const auto remembered = context.plans().find(key))
    return remembered == "own";
  const double never = std::numeric_limits<double>::infinity();
  const double own_ms = measure_ms(context, own, never);
  const double cudnn_ms = measure_ms(context, cudnn, never);
  const bool faster = own_ms < cudnn_ms;
  context.plans().store(key, faster ? "own" : "cudnn");
  log_debug("{}: own kernel {:.3f} ms, cuDNN {:.3f} ms", key, own_ms, cudnn_ms);
  return faster;
}

}  // namespace limpid::cuda
