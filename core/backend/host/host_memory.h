#pragma once

#include "core/backend/backend.h"

#include <cstddef>
#include <memory>
#include <span>

namespace limpid {

// Memory functions shared by the backends that compute on the host.

// Aligned for vector instructions. Throws Error(device) that states the bytes when there is not
// enough.
std::shared_ptr<Storage> allocate_host_memory(std::size_t size_bytes);

// What the operating system and a control group still allow, whichever is less.
std::size_t free_host_memory_bytes();

// What they allow at most, whatever is in use: the same at any time.
std::size_t host_memory_bytes();

// Between dense tensors of one shape and type, with all threads.
void copy_on_host(const Tensor& source, const Tensor& destination);

void copy_from_host(std::span<const float> values, const Tensor& destination);
void copy_to_host(const Tensor& source, std::span<float> values);

// Backend::upload_window() and download_window().
void copy_window_from_host(const HostImage& image,
                           const ImagePoint& corner,
                           const Tensor& destination);
void copy_window_to_host(const Tensor& source,
                         const ImagePoint& corner,
                         const ImagePart& part,
                         const HostImage& image);

}  // namespace limpid
