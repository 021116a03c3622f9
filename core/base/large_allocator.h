#pragma once

#include "core/base/huge_pages.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace limpid {

// For vectors as large as micrographs, which lie in huge pages. Elements that are given no value
// have none: what is filled at once from a file need not be filled with zeros before.
template <class T>
class LargeAllocator {
 public:
  using value_type = T;

  LargeAllocator() = default;
  template <class Other>
  LargeAllocator(const LargeAllocator<Other>& /*other*/) {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) {
    if (count > SIZE_MAX / sizeof(T))
      throw std::bad_array_new_length();
    const std::size_t size_bytes = count * sizeof(T);
    if (size_bytes < least_large_bytes)
      return std::allocator<T>().allocate(count);
    void* const memory = allocate_huge_pages(size_bytes);
    if (memory == nullptr)
      throw std::bad_alloc();
    return static_cast<T*>(memory);
  }

  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < least_large_bytes)
      std::allocator<T>().deallocate(memory, count);
    else
      std::free(memory);
  }

  template <class Element>
  void construct(Element* place) {
    ::new (static_cast<void*>(place)) Element;
  }
  template <class Element, class... Arguments>
  void construct(Element* place, Arguments&&... arguments) {
    std::construct_at(place, std::forward<Arguments>(arguments)...);
  }

  bool operator==(const LargeAllocator&) const = default;

 private:
  static constexpr std::size_t least_large_bytes = 4 * huge_page_bytes;
};

}  // namespace limpid
