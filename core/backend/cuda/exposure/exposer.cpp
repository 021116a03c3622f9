#include "core/backend/cuda/exposure/exposer.h"

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/pinned_memory.h"
#include "core/backend/cuda/exposure/exposure_queue.h"
#include "core/base/error.h"
#include "core/simulate/exposure_plan.h"

#include <cstring>

namespace limpid::cuda {
namespace {

// Steps of the training go first.
Stream make_patient_stream() {
  int lowest = 0;
  int highest = 0;
  LIMPID_CUDA(cudaDeviceGetStreamPriorityRange(&lowest, &highest));
  cudaStream_t stream = nullptr;
  LIMPID_CUDA(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, lowest));
  return Stream(stream);
}

class CudaExposer : public Exposer {
 public:
  explicit CudaExposer(int gpu_index) : gpu_index_(gpu_index) {
    LIMPID_CUDA(cudaSetDevice(gpu_index_));
    stream_ = make_patient_stream();
    // Threads that wait give their processor to those that plan the next exposure.
    is_done_ = make_event(cudaEventBlockingSync | cudaEventDisableTiming);
  }

  void expose(const ExposurePlan& plan,
              std::span<float> micrograph,
              std::span<float> truth) override {
    const auto count = static_cast<std::size_t>(plan.field.image_width * plan.field.image_height);
    require(micrograph.size() == count && truth.size() == count,
            "images of {} and {} pixels for an exposure of {}",
            micrograph.size(),
            truth.size(),
            count);
    LIMPID_CUDA(cudaSetDevice(gpu_index_));  // of this thread
    const ExposureBytes needed = measure_exposure(plan);
    const std::size_t image_bytes = count * sizeof(float);
    reserve(needed.device, needed.staging + 2 * image_bytes);
    const ExposedImages images = queue_exposure(
        plan, reinterpret_cast<std::byte*>(device_->data()), staging(), stream_.get());
    std::byte* results = staging() + needed.staging;
    download(images.micrograph, results, image_bytes);
    download(images.truth, results + image_bytes, image_bytes);
    LIMPID_CUDA(cudaEventRecord(is_done_.get(), stream_.get()));
    LIMPID_CUDA(cudaEventSynchronize(is_done_.get()));
    std::memcpy(micrograph.data(), results, image_bytes);
    std::memcpy(truth.data(), results + image_bytes, image_bytes);
  }

 private:
  std::byte* staging() const { return reinterpret_cast<std::byte*>(staging_->data()); }

  // Nothing is queued when memory is replaced.
  void reserve(std::size_t device_bytes, std::size_t staging_bytes) {
    // Grows in large steps, since exposures differ.
    constexpr std::size_t step = std::size_t{32} << 20;
    if (!device_ || device_->size_bytes() < device_bytes) {
      device_.reset();
      device_ = allocate_device_memory((device_bytes + step - 1) / step * step);
    }
    if (!staging_ || staging_->size_bytes() < staging_bytes) {
      staging_.reset();
      staging_ = allocate_pinned((staging_bytes + step - 1) / step * step);
    }
  }

  void download(const float* from, std::byte* to, std::size_t bytes) {
    LIMPID_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_.get()));
  }

  int gpu_index_;
  Stream stream_;
  Event is_done_;
  std::shared_ptr<Storage> device_;
  std::shared_ptr<Storage> staging_;
};

}  // namespace

std::unique_ptr<Exposer> make_cuda_exposer(int gpu_index) {
  return std::make_unique<CudaExposer>(gpu_index);
}

}  // namespace limpid::cuda
