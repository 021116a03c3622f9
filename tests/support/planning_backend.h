#pragma once

#include "core/backend/backend.h"

namespace limpid::test {

// A GPU's part in planning a network, without memory and without work: it lays tensors out as the
// CUDA backend does, gives storage that holds nothing, and its operations may not be run.
class PlanningBackend : public Backend {
 public:
  std::string name() const override { return "planning"; }
  DataType compute_type() const override { return DataType::bfloat16; }
  DataType weight_type() const override { return DataType::bfloat16; }
  bool merges_inputs() const override { return true; }

  // Of all that was asked for, given back or not.
  std::size_t allocated_bytes() const { return allocated_bytes_; }

  std::size_t free_memory_bytes() const override { return 0; }
  std::shared_ptr<Storage> allocate(std::size_t size_bytes) override {
    allocated_bytes_ += size_bytes;
    return std::make_shared<Storage>(nullptr, size_bytes, nullptr);
  }
  std::shared_ptr<Storage> allocate_staging(std::size_t) override { return nullptr; }
  void upload(std::span<const float>, const Tensor&) override {}
  void download(const Tensor&, std::span<float>) override {}
  void upload_window(const HostImage&, const ImagePoint&, const Tensor&) override {}
  void download_window(const Tensor&,
                       const ImagePoint&,
                       const ImagePart&,
                       const HostImage&) override {}
  void fill_zero(const Tensor&) override {}
  void copy(const Tensor&, const Tensor&) override {}
  void synchronize() override {}

  std::unique_ptr<ConvTranspose2d> make_conv_transpose2d(const ConvTranspose2dDesc&,
                                                         Parameters&) override {
    return nullptr;
  }
  std::unique_ptr<Resample> make_resample(const ResampleDesc&) override { return nullptr; }
  std::unique_ptr<Loss> make_loss(const LossDesc&) override { return nullptr; }
  std::unique_ptr<Adam> make_adam(const AdamDesc&, Parameters&) override { return nullptr; }
  std::unique_ptr<Noise> make_noise(const NoiseDesc&) override { return nullptr; }
  std::unique_ptr<Crops> make_crops(const CropsDesc&) override { return nullptr; }
  std::unique_ptr<Uploader> make_uploader() override { return nullptr; }
  std::unique_ptr<Mark> make_mark() override { return nullptr; }

 protected:
  std::unique_ptr<Conv2d> try_make_conv2d(const Conv2dDesc& desc, Parameters&) override {
    // Keeps as much as any of the CUDA backend's, and joins what its kernels for Hopper do.
    class Nothing : public Conv2d {
     public:
      explicit Nothing(const Conv2dDesc& desc) : desc_(desc) {}
      void forward(const Forward&) override {}
      void backward(const Forward&, const Backward&) override {}
      bool joins_skip() const override {
        return desc_.second_channels > 0 && desc_.output_channels <= 64;
      }
      std::size_t record_bytes() const override {
        const std::int64_t codes = desc_.pool_output ? desc_.pooled().element_count() : 0;
        return static_cast<std::size_t>(codes + desc_.input.element_count() / 8);
      }

     private:
      Conv2dDesc desc_;
    };
    return std::make_unique<Nothing>(desc);
  }

 private:
  std::size_t allocated_bytes_ = 0;
};

}  // namespace limpid::test
