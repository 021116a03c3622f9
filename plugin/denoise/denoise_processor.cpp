#include "plugin/denoise/denoise_processor.h"

#include "core/base/parallel.h"
#include "plugin/processors.h"

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
