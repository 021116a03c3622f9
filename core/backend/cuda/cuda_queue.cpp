#include "core/backend/cuda/cuda_queue.h"

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/pinned_memory.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <cstring>

namespace limpid::cuda {
namespace {

// Threads that wait give their processor to those that read files.
constexpr unsigned waiting = cudaEventBlockingSync;

// Two halves of page-locked memory take turns: one is filled while the device reads the other.
class CudaUploader : public Uploader {
 public:
  explicit CudaUploader(int gpu_index)
      : gpu_index_(gpu_index), stream_(make_stream()), memory_(allocate_pinned(staging_bytes)) {
    for (Event& event : is_read_)
      event = make_event(waiting | cudaEventDisableTiming);
  }

  void upload(std::span<const float> values, const Tensor& destination) override {
    require(static_cast<std::int64_t>(values.size()) == destination.shape().element_count() &&
                destination.is_dense() && destination.type() == DataType::float32,
            "{} values for a tensor of {}",
            values.size(),
            destination.shape().element_count());
    LIMPID_CUDA(cudaSetDevice(gpu_index_));  // of this thread
    constexpr std::size_t most = staging_bytes / 2 / sizeof(float);
    for (std::size_t first = 0; first < values.size(); first += most) {
      const auto part = values.subspan(first, std::min(most, values.size() - first));
      Event& is_read = is_read_[turn_];
      auto* half = reinterpret_cast<float*>(memory_->data()) + turn_ * most;
      turn_ = 1 - turn_;
      LIMPID_CUDA(cudaEventSynchronize(is_read.get()));
      copy(part, half);
      LIMPID_CUDA(cudaMemcpyAsync(destination.data_as<float>() + first,
                                  half,
                                  part.size_bytes(),
                                  cudaMemcpyHostToDevice,
                                  stream_.get()));
      LIMPID_CUDA(cudaEventRecord(is_read.get(), stream_.get()));
    }
    for (const Event& is_read : is_read_)
      LIMPID_CUDA(cudaEventSynchronize(is_read.get()));
  }

 private:
  static void copy(std::span<const float> from, float* to) {
    parallel_for(
        static_cast<std::int64_t>(from.size()), 1 << 19, [&](std::int64_t begin, std::int64_t end) {
          std::memcpy(to + begin,
                      from.data() + begin,
                      static_cast<std::size_t>(end - begin) * sizeof(float));
        });
  }

  int gpu_index_;
  Stream stream_;
  std::shared_ptr<Storage> memory_;
  Event is_read_[2];
  std::size_t turn_ = 0;
};

// Behind kernels and copies alike.
class CudaMark : public Mark {
 public:
  explicit CudaMark(WindowCopies& windows) : windows_(windows), event_(make_event(waiting)) {}

  void set() override { LIMPID_CUDA(cudaEventRecord(event_.get(), windows_.behind_all())); }
  void wait() override { LIMPID_CUDA(cudaEventSynchronize(event_.get())); }
  double seconds_since(const Mark& earlier) const override {
    float ms = 0;
    LIMPID_CUDA(cudaEventElapsedTime(
        &ms, static_cast<const CudaMark&>(earlier).event_.get(), event_.get()));
    return static_cast<double>(ms) / 1e3;
  }

 private:
  WindowCopies& windows_;
  Event event_;
};

}  // namespace

std::unique_ptr<Uploader> make_cuda_uploader(int gpu_index) {
  return std::make_unique<CudaUploader>(gpu_index);
}

std::unique_ptr<Mark> make_cuda_mark(WindowCopies& windows) {
  return std::make_unique<CudaMark>(windows);
}

}  // namespace limpid::cuda
