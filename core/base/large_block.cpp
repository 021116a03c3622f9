#include "core/base/large_block.h"

#include "core/base/huge_pages.h"
#include "core/base/log.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

namespace limpid {
namespace {

constexpr std::size_t page_bytes = 4096;  // the smallest there is
// The kernel fills pages with zeros at the rate of one processor for each thread; more than a few
// would take the memory of the host from those who read files.
constexpr std::size_t most_threads = 4;
constexpr std::size_t bytes_per_thread = 16 * huge_page_bytes;

void touch(std::byte* begin, std::byte* end) {
  for (std::byte* page = begin; page < end; page += page_bytes)
    *static_cast<volatile std::byte*>(page) = std::byte{0};
}

void touch_with_threads(std::byte* data, std::size_t size_bytes) {
  const std::size_t pages = size_bytes / huge_page_bytes;
  const std::size_t count = std::clamp<std::size_t>(size_bytes / bytes_per_thread, 1, most_threads);
  const auto part = [&](std::size_t i) { return data + pages * i / count * huge_page_bytes; };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < count; ++i)
    others.emplace_back(touch, part(i), part(i + 1));
  touch(data, part(1));
}

}  // namespace

void LargeBlock::Unmap::operator()(std::byte* memory) const {
  if (::munmap(memory, size_bytes) != 0)
    log_warning("giving back a block of {} bytes failed", size_bytes);
}

LargeBlock::LargeBlock(std::size_t size_bytes) : size_bytes_(size_bytes) {
  if (size_bytes > SIZE_MAX - 2 * huge_page_bytes)
    throw std::bad_alloc();
  const std::size_t used_bytes = in_huge_pages(std::max<std::size_t>(size_bytes, 1));
  const std::size_t mapped_bytes = used_bytes + huge_page_bytes;  // up to the next boundary
  void* const memory =
      ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  mapping_ = {static_cast<std::byte*>(memory), Unmap{mapped_bytes}};
  data_ = reinterpret_cast<std::byte*>(in_huge_pages(reinterpret_cast<std::uintptr_t>(memory)));
  request_huge_pages(data_, used_bytes);
  touch_with_threads(data_, used_bytes);
}

}  // namespace limpid
