#pragma once

#include <cstddef>

// Memory in huge pages, for what is as large as a micrograph: a page of 2 MiB is there and gone in
// a tenth of the time of 512 small ones, and a walk through it misses the page tables' cache less
// often. Many systems have huge pages on request alone, some none: then it all just takes longer.
namespace limpid {

// Of x86-64, and of ARM with small pages of 4 KiB.
inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

// Rounded up to whole pages.
constexpr std::size_t in_huge_pages(std::size_t size_bytes) {
  return (size_bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
}

// Requests them for memory that is not touched yet and begins on the boundary of a huge page.
void request_huge_pages(void* memory, std::size_t size_bytes);

// For std::free(). From the boundary of a huge page on; null when there is not enough memory.
void* allocate_huge_pages(std::size_t size_bytes);

}  // namespace limpid
