#pragma once

#include "core/backend/cuda/handles.h"
#include "core/backend/host_image.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <memory>

namespace limpid::cuda {

// Brings parts of images to the GPU and back beside the kernels of a stream, each way on a stream
// of its own: while a network works on one image, the next arrives and the one before leaves. Of
// each there is one copy on the GPU besides the tensor that the network works on; where there is no
// memory for it, the copies take their turn among the kernels.
class WindowCopies {
 public:
  explicit WindowCopies(cudaStream_t work);

  // What is queued later finds part of an image in the same part of `window`, whose first pixel is
  // that at `corner`.
  void bring(const HostImage& image,
             const ImagePart& part,
             const ImagePoint& corner,
             const Tensor& window);
  // The other way, after what is queued already.
  void take(const Tensor& window,
            const ImagePoint& corner,
            const ImagePart& part,
            const HostImage& image);

  // A stream that comes to its end when everything queued so far is done.
  cudaStream_t behind_all();
  void synchronize();

 private:
  // Memory on the GPU, and who has done with it.
  struct Place {
    std::shared_ptr<Storage> memory;
    std::size_t refused_bytes = 0;  // not tried again
    Event is_full;
    Event is_free;

    bool has_room_for(const ImagePart& part);
    float* pixels() const { return reinterpret_cast<float*>(memory->data()); }
  };

  cudaStream_t work_;
  Stream arrivals_;
  Stream departures_;
  Event queued_;
  Place arriving_;
  Place departing_;
};

}  // namespace limpid::cuda
