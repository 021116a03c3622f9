#include "core/backend/cpu/cpu_backend.h"

#include "core/backend/cpu/cpu_conv2d.h"
#include "core/backend/cpu/cpu_conv_transpose2d.h"
#include "core/backend/cpu/cpu_pooled_conv2d.h"
#include "core/backend/cpu/cpu_resample.h"
#include "core/backend/cpu/dnnl_primitives.h"
#include "core/backend/host/host_memory.h"
#include "core/backend/host/host_ops.h"
#include "core/backend/registry.h"

#include <cstring>

namespace limpid::cpu {

CpuBackend::CpuBackend(DataType compute_type) : compute_type_(compute_type) {
  if (compute_type == DataType::bfloat16 && !cpu_has_bfloat16())
    fail(ErrorKind::device,
         "this processor has no bfloat16 arithmetic (AVX-512 bf16 or AMX); use float32");
  engine_ = std::make_unique<DnnlEngine>();
  scratch_ = std::make_unique<Scratch>(*this);
}

CpuBackend::~CpuBackend() = default;

std::size_t CpuBackend::free_memory_bytes() const {
  return free_host_memory_bytes();
}

std::shared_ptr<Storage> CpuBackend::allocate(std::size_t size_bytes) {
  return allocate_host_memory(size_bytes);
}

std::shared_ptr<Storage> CpuBackend::allocate_staging(std::size_t size_bytes) {
  return allocate_host_memory(size_bytes);
}

void CpuBackend::upload(std::span<const float> values, const Tensor& destination) {
  copy_from_host(values, destination);
}

void CpuBackend::download(const Tensor& source, std::span<float> values) {
  copy_to_host(source, values);
}

void CpuBackend::upload_window(const HostImage& image,
                               const ImagePoint& corner,
                               const Tensor& destination) {
  copy_window_from_host(image, corner, destination);
}

void CpuBackend::download_window(const Tensor& source,
                                 const ImagePoint& corner,
                                 const ImagePart& part,
                                 const HostImage& image) {
  copy_window_to_host(source, corner, part, image);
}

void CpuBackend::fill_zero(const Tensor& destination) {
  std::memset(destination.data(), 0, Tensor::size_bytes(destination.shape(), destination.type()));
}

void CpuBackend::copy(const Tensor& source, const Tensor& destination) {
  copy_on_host(source, destination);
}

std::unique_ptr<Conv2d> CpuBackend::try_make_conv2d(const Conv2dDesc& desc,
                                                    Parameters& parameters) {
  if (!desc.pool_output)
    return std::make_unique<CpuConv2d>(*engine_, compute_type_, *scratch_, desc, parameters);
  Conv2dDesc convolution = desc;
  convolution.pool_output = false;
  return std::make_unique<CpuPooledConv2d>(
      *engine_, compute_type_, *scratch_, convolution, parameters);
}

std::unique_ptr<ConvTranspose2d> CpuBackend::make_conv_transpose2d(const ConvTranspose2dDesc& desc,
                                                                   Parameters& parameters) {
  return std::make_unique<CpuConvTranspose2d>(*engine_, *scratch_, desc, parameters);
}

std::unique_ptr<Resample> CpuBackend::make_resample(const ResampleDesc& desc) {
  return make_cpu_resample(desc);
}

std::unique_ptr<Loss> CpuBackend::make_loss(const LossDesc& desc) {
  return make_host_loss(desc);
}

std::unique_ptr<Adam> CpuBackend::make_adam(const AdamDesc& desc, Parameters& parameters) {
  return make_host_adam(*this, desc, parameters);
}

std::unique_ptr<Noise> CpuBackend::make_noise(const NoiseDesc& desc) {
  return make_host_noise(desc);
}

std::unique_ptr<Crops> CpuBackend::make_crops(const CropsDesc& desc) {
  return make_host_crops(desc);
}

std::unique_ptr<Uploader> CpuBackend::make_uploader() {
  return make_host_uploader();
}

std::unique_ptr<Mark> CpuBackend::make_mark() {
  return make_host_mark();
}

}  // namespace limpid::cpu
