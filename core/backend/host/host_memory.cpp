#include "core/backend/host/host_memory.h"

#include "core/backend/host/control_group.h"
#include "core/base/checked_math.h"
#include "core/base/huge_pages.h"
#include "core/base/parallel.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

namespace limpid {
namespace {

constexpr std::size_t alignment_bytes = 256;
constexpr std::size_t least_large_bytes = 2 * huge_page_bytes;

std::uint64_t pages_bytes(int pages) {
  return static_cast<std::uint64_t>(sysconf(pages)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t available_bytes() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  while (file >> key) {
    std::uint64_t kibibytes = 0;
    if (key == "MemAvailable:" && file >> kibibytes)
      return kibibytes * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return pages_bytes(_SC_AVPHYS_PAGES);
}

// The size has to be a multiple of the alignment, and 0 bytes may have no address.
void* allocate_aligned(std::size_t size_bytes) {
  const auto size = static_cast<std::int64_t>(std::max<std::size_t>(size_bytes, 1));
  return std::aligned_alloc(alignment_bytes,
                            static_cast<std::size_t>(round_up(size, alignment_bytes)));
}

// Calls visit(index of the value, index of the element) for every value of a possibly sliced
// tensor.
template <class Visit>
void for_each_value(const Tensor& tensor, const Visit& visit) {
  const std::int64_t channels = tensor.shape().channels;
  const std::int64_t stride = tensor.pixel_stride();
  const std::int64_t pixels_per_range = std::max<std::int64_t>(1, 65536 / channels);
  parallel_for(
      tensor.shape().pixel_count(), pixels_per_range, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t pixel = begin; pixel < end; ++pixel)
          for (std::int64_t c = 0; c < channels; ++c)
            visit(pixel * channels + c, pixel * stride + c);
      });
}

}  // namespace

std::shared_ptr<Storage> allocate_host_memory(std::size_t size_bytes) {
  void* memory = size_bytes < least_large_bytes ? allocate_aligned(size_bytes)
                                                : allocate_huge_pages(size_bytes);
  if (memory == nullptr)
    fail(ErrorKind::device, "allocating {} bytes of host memory failed", size_bytes);
  return std::make_shared<Storage>(
      static_cast<std::byte*>(memory), size_bytes, std::shared_ptr<void>(memory, std::free));
}

std::size_t free_host_memory_bytes() {
  const auto group = control_group_memory();
  const std::uint64_t available = available_bytes();
  return static_cast<std::size_t>(group ? std::min(available, group->free_bytes) : available);
}

std::size_t host_memory_bytes() {
  const auto group = control_group_memory();
  const std::uint64_t installed = pages_bytes(_SC_PHYS_PAGES);
  return static_cast<std::size_t>(group ? std::min(installed, group->limit_bytes) : installed);
}

void copy_on_host(const Tensor& source, const Tensor& destination) {
  require_copyable(source, destination);
  // Large enough for memcpy to write past the caches, as it does beyond a part of their size.
  constexpr std::int64_t piece_bytes = std::int64_t{16} << 20;
  const auto size = static_cast<std::int64_t>(Tensor::size_bytes(source.shape(), source.type()));
  parallel_for(size, piece_bytes, [&](std::int64_t begin, std::int64_t end) {
    std::memcpy(
        destination.data() + begin, source.data() + begin, static_cast<std::size_t>(end - begin));
  });
}

void copy_from_host(std::span<const float> values, const Tensor& destination) {
  require(static_cast<std::int64_t>(values.size()) == destination.shape().element_count(),
          "{} values for a tensor of {}",
          values.size(),
          destination.shape().element_count());
  if (destination.type() == DataType::float32) {
    float* elements = destination.data_as<float>();
    for_each_value(destination, [&](std::int64_t value, std::int64_t element) {
      elements[element] = values[static_cast<std::size_t>(value)];
    });
  } else {
    BFloat16* elements = destination.data_as<BFloat16>();
    for_each_value(destination, [&](std::int64_t value, std::int64_t element) {
      elements[element] = BFloat16(values[static_cast<std::size_t>(value)]);
    });
  }
}

void copy_to_host(const Tensor& source, std::span<float> values) {
  require(static_cast<std::int64_t>(values.size()) == source.shape().element_count(),
          "{} values from a tensor of {}",
          values.size(),
          source.shape().element_count());
  if (source.type() == DataType::float32) {
    const float* elements = source.data_as<float>();
    for_each_value(source, [&](std::int64_t value, std::int64_t element) {
      values[static_cast<std::size_t>(value)] = elements[element];
    });
  } else {
    const BFloat16* elements = source.data_as<BFloat16>();
    for_each_value(source, [&](std::int64_t value, std::int64_t element) {
      values[static_cast<std::size_t>(value)] = static_cast<float>(elements[element]);
    });
  }
}

}  // namespace limpid
