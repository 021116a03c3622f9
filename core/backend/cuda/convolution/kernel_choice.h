#pragma once

#include "core/backend/cuda/context.h"

#include <functional>
#include <string>

namespace limpid::cuda {

// Whether our own kernel beats cuDNN at what `key` names on this GPU: as remembered, else both are
// run, measured, and the outcome remembered.
bool own_is_faster(Context& context,
                   const std::string& key,
                   const std::function<void()>& own,
                   const std::function<void()>& cudnn);

// Whether that is known without running cuDNN: it is asked for, or remembered.
bool own_is_chosen(Context& context, const std::string& key);

}  // namespace limpid::cuda
