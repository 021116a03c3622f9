#pragma once

#include "core/backend/cuda/check.h"
#include "core/base/log.h"

#include <utility>

namespace limpid::cuda {

// Owns a handle of a C library; Destroy is its release function. Failing to release is logged,
// never thrown.
template <class Handle, auto Destroy>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (handle_ != nullptr && static_cast<int>(Destroy(handle_)) != 0)
      log_warning("releasing a CUDA resource failed");
  }

  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using Stream = Owned<cudaStream_t, cudaStreamDestroy>;
using Event = Owned<cudaEvent_t, cudaEventDestroy>;
using Graph = Owned<cudaGraph_t, cudaGraphDestroy>;
using GraphExec = Owned<cudaGraphExec_t, cudaGraphExecDestroy>;
using CudnnHandle = Owned<cudnnHandle_t, cudnnDestroy>;

inline Stream make_stream() {
  cudaStream_t stream = nullptr;
  LIMPID_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return Stream(stream);
}

inline Event make_event(unsigned flags = cudaEventDefault) {
  cudaEvent_t event = nullptr;
  LIMPID_CUDA(cudaEventCreateWithFlags(&event, flags));
  return Event(event);
}

inline CudnnHandle make_cudnn_handle(cudaStream_t stream) {
  cudnnHandle_t handle = nullptr;
  LIMPID_CUDNN(cudnnCreate(&handle));
  CudnnHandle owned(handle);
  LIMPID_CUDNN(cudnnSetStream(handle, stream));
  return owned;
}

}  // namespace limpid::cuda
