#include "core/base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace limpid {

void request_huge_pages(void* memory, std::size_t size_bytes) {
  static_cast<void>(::madvise(memory, size_bytes, MADV_HUGEPAGE));  // refused: it takes longer
}

void* allocate_huge_pages(std::size_t size_bytes) {
  if (size_bytes > SIZE_MAX - huge_page_bytes)
    return nullptr;
  const std::size_t pages_bytes = in_huge_pages(size_bytes);
  void* const memory = std::aligned_alloc(huge_page_bytes, pages_bytes);
  if (memory != nullptr)
    request_huge_pages(memory, pages_bytes);
  return memory;
}

}  // namespace limpid
