#pragma once

#include "core/backend/backend.h"
#include "core/backend/cuda/context.h"
#include "core/backend/cuda/window_copies.h"
#include "core/backend/exposer.h"

namespace limpid::cuda {

// cuDNN convolutions and own kernels on one NVIDIA GPU. Activations and gradients are NHWC in
// bfloat16 (or float32, then without the rounding of TF32), sums and master weights float32.
class CudaBackend : public Backend, public ExposerMaker {
 public:
  CudaBackend(int gpu_index, DataType compute_type);
  ~CudaBackend() override;

  std::string name() const override;
  DataType compute_type() const override { return compute_type_; }
  DataType weight_type() const override { return compute_type_; }
  bool merges_inputs() const override { return true; }

  void use_in_this_thread() const override;
  std::size_t free_memory_bytes() const override;
  std::size_t taken_memory_bytes() const override;
  void limit_memory(std::size_t limit_bytes) override;
  std::shared_ptr<Storage> allocate(std::size_t size_bytes) override;
  std::shared_ptr<Storage> allocate_staging(std::size_t size_bytes) override;
  void upload(std::span<const float> values, const Tensor& destination) override;
  void download(const Tensor& source, std::span<float> values) override;
  void upload_window(const HostImage& image,
                     const ImagePoint& corner,
                     const Tensor& destination) override;
  void download_window(const Tensor& source,
                       const ImagePoint& corner,
                       const ImagePart& part,
                       const HostImage& image) override;
  void fill_zero(const Tensor& destination) override;
  void copy(const Tensor& source, const Tensor& destination) override;
  void synchronize() override;

  std::unique_ptr<ConvTranspose2d> make_conv_transpose2d(const ConvTranspose2dDesc& desc,
                                                         Parameters& parameters) override;
  std::unique_ptr<Resample> make_resample(const ResampleDesc& desc) override;
  std::unique_ptr<Loss> make_loss(const LossDesc& desc) override;
  std::unique_ptr<Adam> make_adam(const AdamDesc& desc, Parameters& parameters) override;
  std::unique_ptr<Noise> make_noise(const NoiseDesc& desc) override;
  std::unique_ptr<Crops> make_crops(const CropsDesc& desc) override;
  std::unique_ptr<Uploader> make_uploader() override;
  std::unique_ptr<Mark> make_mark() override;
  std::unique_ptr<Exposer> make_exposer() override;
  // Captures the step in a CUDA graph.
  std::unique_ptr<Replay> record(std::function<void()> step) override;

 protected:
  std::unique_ptr<Conv2d> try_make_conv2d(const Conv2dDesc& desc, Parameters& parameters) override;

 private:
  int gpu_index_;
  DataType compute_type_;
  Context context_;
  WindowCopies windows_;
};

}  // namespace limpid::cuda
