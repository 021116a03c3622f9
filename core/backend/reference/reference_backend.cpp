#include "core/backend/reference/reference_backend.h"

#include "core/backend/host/host_memory.h"
#include "core/backend/host/host_ops.h"

#include <cstring>

namespace limpid::reference {

std::size_t ReferenceBackend::free_memory_bytes() const {
  return free_host_memory_bytes();
}

std::shared_ptr<Storage> ReferenceBackend::allocate(std::size_t size_bytes) {
  return allocate_host_memory(size_bytes);
}

std::shared_ptr<Storage> ReferenceBackend::allocate_staging(std::size_t size_bytes) {
  return allocate_host_memory(size_bytes);
}

void ReferenceBackend::upload(std::span<const float> values, const Tensor& destination) {
  copy_from_host(values, destination);
}

void ReferenceBackend::download(const Tensor& source, std::span<float> values) {
  copy_to_host(source, values);
}

void ReferenceBackend::upload_window(const HostImage& image,
                                     const ImagePoint& corner,
                                     const Tensor& destination) {
  copy_window_from_host(image, corner, destination);
}

void ReferenceBackend::download_window(const Tensor& source,
                                       const ImagePoint& corner,
                                       const ImagePart& part,
                                       const HostImage& image) {
  copy_window_to_host(source, corner, part, image);
}

void ReferenceBackend::fill_zero(const Tensor& destination) {
  std::memset(destination.data(), 0, Tensor::size_bytes(destination.shape(), destination.type()));
}

void ReferenceBackend::copy(const Tensor& source, const Tensor& destination) {
  copy_on_host(source, destination);
}

std::unique_ptr<Loss> ReferenceBackend::make_loss(const LossDesc& desc) {
  return make_host_loss(desc);
}

std::unique_ptr<Adam> ReferenceBackend::make_adam(const AdamDesc& desc, Parameters& parameters) {
  return make_host_adam(*this, desc, parameters);
}

std::unique_ptr<Noise> ReferenceBackend::make_noise(const NoiseDesc& desc) {
  return make_host_noise(desc);
}

std::unique_ptr<Crops> ReferenceBackend::make_crops(const CropsDesc& desc) {
  return make_host_crops(desc);
}

std::unique_ptr<Uploader> ReferenceBackend::make_uploader() {
  return make_host_uploader();
}

std::unique_ptr<Mark> ReferenceBackend::make_mark() {
  return make_host_mark();
}

}  // namespace limpid::reference
