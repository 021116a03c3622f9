#include "plugin/denoise/denoise_processor.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "plugin/machine/processors.h"
#include "plugin/trust/trust_window.h"

#include <algorithm>
#include <utility>

namespace limpid {

DenoiseProcessor::DenoiseProcessor(Backend& backend,
                                   int thread_count,
                                   const Model& model,
                                   DenoiserOptions options,
                                   const MicrographDenoiserOptions& treatment,
                                   bool matches_noise)
    : backend_(backend),
      model_(model),
      is_gpu_(limpid::is_gpu(backend)),
      options_([&] {
        options.device_thread = &thread_;
        return std::move(options);
      }()),
      treatment_(treatment),
      matches_noise_(matches_noise) {
  thread_.run([&] {
    set_thread_count(thread_count);
    backend.use_in_this_thread();
  });
}

void DenoiseProcessor::warm_up(std::int64_t width,
                               std::int64_t height,
                               std::optional<double> pixel_size_angstrom) {
  warming_ = std::async(std::launch::async, [=, this] {
    try {
      micrographs().warm_up(width, height, pixel_size_angstrom);
      windows().warm_up(std::min(width, largest_trust_window_px),
                        std::min(height, largest_trust_window_px),
                        pixel_size_angstrom);
    } catch (const Error& error) {
      log_debug("not ready before the first micrograph, which will say more: {}", error.what());
    }
  });
}

NoiseMatchedDenoiser& DenoiseProcessor::micrographs() {
  const std::lock_guard lock(mutex_);
  if (!micrographs_)
    micrographs_ = std::make_unique<NoiseMatchedDenoiser>(
        backend_, model_, options_, treatment_, matches_noise_);
  return *micrographs_;
}

NoiseMatchedDenoiser& DenoiseProcessor::windows() {
  const std::lock_guard lock(mutex_);
  if (!windows_)
    windows_ = std::make_unique<NoiseMatchedDenoiser>(
        backend_, model_, options_, treatment_, matches_noise_);
  return *windows_;
}

}  // namespace limpid
