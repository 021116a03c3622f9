#include "core/backend/cuda/check.h"
#include "core/backend/cuda/exposure/exposure_queue.h"
#include "core/simulate/exposure_steps.h"

#include <cstring>

namespace limpid::cuda {
namespace {

constexpr unsigned block_size = 256;
// Rows take long and differ in length: a warp for itself ends when its own rows do.
constexpr unsigned rows_block_size = 32;
constexpr std::size_t alignment_bytes = 256;

// One thread an element.
template <class Step>
__global__ void run_step(Step step, std::uint32_t count) {
  const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count)
    step(i);
}

// Hands out pieces of memory, one after the other.
class Pieces {
 public:
  explicit Pieces(std::byte* begin) : next_(begin) {}

  template <class Value>
  Value* take(std::size_t count) {
    auto* piece = reinterpret_cast<Value*>(next_);
    next_ += (count * sizeof(Value) + alignment_bytes - 1) / alignment_bytes * alignment_bytes;
    return piece;
  }
  std::byte* next() const { return next_; }

 private:
  std::byte* next_;
};

// Goes through an exposure without doing anything, to see how much memory it takes.
class ExposureMemory {
 public:
  explicit ExposureMemory(const ExposurePlan& plan) { Exposure(plan, *this).make(); }

  std::size_t device_bytes() const { return bytes(device_); }
  std::size_t staging_bytes() const { return bytes(staging_); }

  template <class Value>
  Value* take(std::size_t count) {
    return device_.take<Value>(count);
  }
  template <class Value>
  const Value* upload(std::span<const Value> values) {
    staging_.take<Value>(values.size());
    return take<Value>(values.size());
  }
  template <class Value>
  void zero(Value*, std::size_t) {}
  template <class Step>
  void each(std::uint32_t, const Step&) {}
  template <class Step>
  void rows(std::uint32_t, const Step&) {}

 private:
  // Addresses that nobody uses; 0 would stand for what is not there.
  static std::byte* somewhere() { return reinterpret_cast<std::byte*>(alignment_bytes); }
  static std::size_t bytes(const Pieces& pieces) {
    return reinterpret_cast<std::size_t>(pieces.next()) - alignment_bytes;
  }

  Pieces device_{somewhere()};
  Pieces staging_{somewhere()};
};

// Queues the steps on a stream. Values reach the device through page-locked memory, which stays as
// it is until the exposure has ended.
class ExposureQueue {
 public:
  ExposureQueue(std::byte* device, std::byte* staging, cudaStream_t stream)
      : device_(device), staging_(staging), stream_(stream) {}

  template <class Value>
  Value* take(std::size_t count) {
    return device_.take<Value>(count);
  }
  template <class Value>
  const Value* upload(std::span<const Value> values) {
    auto* staged = staging_.take<Value>(values.size());
    std::memcpy(static_cast<void*>(staged), values.data(), values.size_bytes());
    auto* copy = take<Value>(values.size());
    LIMPID_CUDA(
        cudaMemcpyAsync(copy, staged, values.size_bytes(), cudaMemcpyHostToDevice, stream_));
    return copy;
  }
  template <class Value>
  void zero(Value* values, std::size_t count) {
    LIMPID_CUDA(cudaMemsetAsync(values, 0, count * sizeof(Value), stream_));
  }
  template <class Step>
  void each(std::uint32_t count, const Step& step) {
    launch(count, block_size, step);
  }
  template <class Step>
  void rows(std::uint32_t count, const Step& step) {
    launch(count, rows_block_size, step);
  }

 private:
  template <class Step>
  void launch(std::uint32_t count, unsigned size, const Step& step) {
    run_step<<<(count + size - 1) / size, size, 0, stream_>>>(step, count);
    LIMPID_CUDA_LAUNCH();
  }

  Pieces device_;
  Pieces staging_;
  cudaStream_t stream_;
};

}  // namespace

ExposureBytes measure_exposure(const ExposurePlan& plan) {
  const ExposureMemory memory(plan);
  return {memory.device_bytes(), memory.staging_bytes()};
}

ExposedImages queue_exposure(const ExposurePlan& plan,
                             std::byte* device,
                             std::byte* staging,
                             cudaStream_t stream) {
  ExposureQueue queue(device, staging, stream);
  const auto images = Exposure(plan, queue).make();
  return {images.micrograph, images.truth};
}

}  // namespace limpid::cuda
