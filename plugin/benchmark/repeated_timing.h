#pragma once

#include "core/backend/backend.h"

#include <functional>

namespace limpid {

// The median time of one call of `work`, in seconds, with the overhead of queueing taken out:
// several calls are recorded and run again as one, at least five times and for about `seconds`.
// `work` must be fit for Backend::record().
double median_s(Backend& backend, const std::function<void()>& work, double seconds);

// The same for work that cannot be recorded, each call waited for.
double median_waited_s(Backend& backend, const std::function<void()>& work, double seconds);

}  // namespace limpid
