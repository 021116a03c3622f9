#pragma once

#include <cuda_runtime.h>

#include <cstddef>

namespace limpid {
struct ExposurePlan;
}

// An exposure (core/simulate/exposure_steps.h) as kernels on a stream.
namespace limpid::cuda {

// Memory that one takes: of the device, and page-locked memory of the host for what goes there.
struct ExposureBytes {
  std::size_t device = 0;
  std::size_t staging = 0;
};
ExposureBytes measure_exposure(const ExposurePlan& plan);

// On the device, of the size of the image.
struct ExposedImages {
  const float* micrograph;
  const float* truth;
};
// Both pieces of memory are in use until the stream has got so far.
ExposedImages queue_exposure(const ExposurePlan& plan,
                             std::byte* device,
                             std::byte* staging,
                             cudaStream_t stream);

}  // namespace limpid::cuda
