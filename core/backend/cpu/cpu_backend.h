#pragma once

#include "core/backend/backend.h"

#include <memory>

namespace limpid::cpu {

class DnnlEngine;
class Scratch;

// oneDNN convolutions and own loops on the host. Activations are NHWC in float32, or in
// bfloat16 where the processor multiplies it natively; weights and their gradients stay in float32.
class CpuBackend : public Backend {
 public:
  // Throws Error(device) for bfloat16 on a processor without AVX-512 bf16 or AMX.
  explicit CpuBackend(DataType compute_type);
  CpuBackend(const CpuBackend&) = delete;
  CpuBackend& operator=(const CpuBackend&) = delete;
  ~CpuBackend() override;

  std::string name() const override { return "cpu"; }
  DataType compute_type() const override { return compute_type_; }
  DataType weight_type() const override { return DataType::float32; }
  bool merges_inputs() const override { return true; }

  std::size_t free_memory_bytes() const override;
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
  void synchronize() override {}

  std::unique_ptr<ConvTranspose2d> make_conv_transpose2d(const ConvTranspose2dDesc& desc,
                                                         Parameters& parameters) override;
  std::unique_ptr<Resample> make_resample(const ResampleDesc& desc) override;
  std::unique_ptr<Loss> make_loss(const LossDesc& desc) override;
  std::unique_ptr<Adam> make_adam(const AdamDesc& desc, Parameters& parameters) override;
  std::unique_ptr<Noise> make_noise(const NoiseDesc& desc) override;
  std::unique_ptr<Crops> make_crops(const CropsDesc& desc) override;
  std::unique_ptr<Uploader> make_uploader() override;
  std::unique_ptr<Mark> make_mark() override;

 protected:
  std::unique_ptr<Conv2d> try_make_conv2d(const Conv2dDesc& desc, Parameters& parameters) override;

 private:
  DataType compute_type_;
  std::unique_ptr<DnnlEngine> engine_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace limpid::cpu
