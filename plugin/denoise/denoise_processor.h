#pragma once

#include "core/base/task_thread.h"
#include "plugin/denoise/noise_matched_denoiser.h"
#include "plugin/denoise/turns.h"

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>

namespace limpid {

// A backend with the thread that uses it, and a model on it. For several threads.
class DenoiseProcessor {
 public:
  // `thread_count` threads of the host work for the thread of the backend; 0: all.
  DenoiseProcessor(Backend& backend,
                   int thread_count,
                   const Model& model,
                   DenoiserOptions options,
                   const MicrographDenoiserOptions& treatment,
                   bool matches_noise);

  // Whether it computes beside the processors of the host. Where it is these that compute, all that
  // a micrograph needs is done by all of them together, one micrograph after the other.
  bool is_gpu() const { return is_gpu_; }
  TaskThread& thread() { return thread_; }
  // In which order micrographs use it, where they do one after the other.
  Turns& turns() { return turns_; }

  // Begins to do what the first micrograph would wait for, if they are of this size, while it is
  // read.
  void warm_up(std::int64_t width, std::int64_t height, std::optional<double> pixel_size_angstrom);

  // Made at first use.
  NoiseMatchedDenoiser& micrographs();
  // Of its own, because it is made for images of another size.
  NoiseMatchedDenoiser& windows();

 private:
  Backend& backend_;
  const Model& model_;
  const bool is_gpu_;
  Turns turns_;
  TaskThread thread_;  // outlives the denoisers
  const DenoiserOptions options_;
  const MicrographDenoiserOptions treatment_;
  const bool matches_noise_;
  std::mutex mutex_;
  std::unique_ptr<NoiseMatchedDenoiser> micrographs_;
  std::unique_ptr<NoiseMatchedDenoiser> windows_;
  std::future<void> warming_;  // last, because it uses all others
};

}  // namespace limpid
