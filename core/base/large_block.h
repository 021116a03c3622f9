#pragma once

#include <cstddef>
#include <memory>

namespace limpid {

// Memory of the host for something as large as a micrograph, filled with zeros: in huge pages, and
// there already, so that whoever uses it first does not wait for one page after the other.
class LargeBlock {
 public:
  // Takes and touches it with a few threads. Throws std::bad_alloc.
  explicit LargeBlock(std::size_t size_bytes);

  // On the boundary of a huge page.
  std::byte* data() const { return data_; }
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  struct Unmap {
    std::size_t size_bytes;
    void operator()(std::byte* memory) const;
  };

  std::size_t size_bytes_;
  std::unique_ptr<std::byte, Unmap> mapping_{nullptr, Unmap{0}};
  std::byte* data_ = nullptr;
};

}  // namespace limpid
