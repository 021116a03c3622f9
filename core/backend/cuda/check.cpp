#include "core/backend/cuda/check.h"

namespace limpid::cuda {

void check_cuda(cudaError_t code, const char* call, const char* file, int line) {
  if (code == cudaSuccess)
    return;
  fail(ErrorKind::device,
       "CUDA: {} ({}) in {} at {}:{}",
       cudaGetErrorString(code),
       cudaGetErrorName(code),
       call,
       file,
       line);
}

void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line) {
  if (status == CUDNN_STATUS_SUCCESS)
    return;
  fail(
      ErrorKind::device, "cuDNN: {} in {} at {}:{}", cudnnGetErrorString(status), call, file, line);
}

}  // namespace limpid::cuda
