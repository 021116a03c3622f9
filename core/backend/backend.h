#pragma once

#include "core/backend/host_image.h"
#include "core/backend/ops.h"
#include "core/backend/parameters.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace limpid {

// A processor that trains and applies networks. Work is queued in the order of the calls and may
// run later than the call returns; only synchronize(), download() and functions that say so wait.
// One thread uses a backend at a time; other threads may allocate staging memory and wait for
// marks meanwhile.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string name() const = 0;  // "cpu", "cuda:0 NVIDIA H200"
  // Type of the activations inside a network. Weights are always kept in float32 as well.
  virtual DataType compute_type() const = 0;
  // Type in which operations read weights and write their gradients.
  virtual DataType weight_type() const = 0;
  // A convolution with a second input reads both from neighbouring channel slices of one tensor
  // (true) or from two dense tensors (false).
  virtual bool merges_inputs() const = 0;

  // To be called first by a thread that uses a backend which another has made.
  virtual void use_in_this_thread() const {}

  virtual std::size_t free_memory_bytes() const = 0;
  // What it has taken of a memory of its own, for tensors and for what operations need besides; 0
  // for a processor that computes in the memory of the host. The driver's own share is not counted.
  virtual std::size_t taken_memory_bytes() const { return 0; }
  // Allocations beyond this fail, and free_memory_bytes() counts within it. The driver's own share
  // is part of it, as far as it can be told. Without effect where taken_memory_bytes() is 0; 0: no
  // limit.
  virtual void limit_memory(std::size_t /*limit_bytes*/) {}
  virtual std::shared_ptr<Storage> allocate(std::size_t size_bytes) = 0;
  // Host memory from which upload() and into which download() is fastest (page-locked for a GPU).
  virtual std::shared_ptr<Storage> allocate_staging(std::size_t size_bytes) = 0;
  // Copies dense NHWC float32 values in, converting to the tensor's type. `values` must stay
  // unchanged until synchronize().
  virtual void upload(std::span<const float> values, const Tensor& destination) = 0;
  // Copies values out as float32 and waits for them.
  virtual void download(const Tensor& source, std::span<float> values) = 0;
  // Copies the window of an image that begins at `corner` into a float32 tensor of one channel and
  // one image, which has the size of the window. What lies beyond the right and bottom edges of the
  // image is its reflection. The pixels must stay unchanged until the backend has been waited for.
  virtual void upload_window(const HostImage& image,
                             const ImagePoint& corner,
                             const Tensor& destination) = 0;
  // Copies `part` of an image out of the window of it that begins at `corner` and that such a
  // tensor holds. The pixels are there once the backend has been waited for.
  virtual void download_window(const Tensor& source,
                               const ImagePoint& corner,
                               const ImagePart& part,
                               const HostImage& image) = 0;
  virtual void fill_zero(const Tensor& destination) = 0;  // dense tensors
  // Between dense tensors of one shape and type.
  virtual void copy(const Tensor& source, const Tensor& destination) = 0;
  virtual void synchronize() = 0;

  // Splits what the backend cannot fuse (pool_output) into several operations.
  std::unique_ptr<Conv2d> make_conv2d(const Conv2dDesc& desc, Parameters& parameters);
  virtual std::unique_ptr<ConvTranspose2d> make_conv_transpose2d(const ConvTranspose2dDesc& desc,
                                                                 Parameters& parameters) = 0;
  virtual std::unique_ptr<Resample> make_resample(const ResampleDesc& desc) = 0;
  virtual std::unique_ptr<Loss> make_loss(const LossDesc& desc) = 0;
  virtual std::unique_ptr<Adam> make_adam(const AdamDesc& desc, Parameters& parameters) = 0;
  virtual std::unique_ptr<Noise> make_noise(const NoiseDesc& desc) = 0;
  virtual std::unique_ptr<Crops> make_crops(const CropsDesc& desc) = 0;
  virtual std::unique_ptr<Uploader> make_uploader() = 0;
  virtual std::unique_ptr<Mark> make_mark() = 0;

  // Runs `step` once and returns a way to run it again with less overhead. `step` must use the same
  // tensors and operations each time and must not wait.
  virtual std::unique_ptr<Replay> record(std::function<void()> step);

  // A tensor of its own memory, outside any arena.
  Tensor allocate_tensor(const Shape& shape, DataType type);

 protected:
  // Null when this backend has no single operation for `desc`; it must have one without
  // pool_output.
  virtual std::unique_ptr<Conv2d> try_make_conv2d(const Conv2dDesc& desc,
                                                  Parameters& parameters) = 0;
};

}  // namespace limpid
