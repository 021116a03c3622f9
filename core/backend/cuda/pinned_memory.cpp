#include "core/backend/cuda/pinned_memory.h"

#include "core/backend/cuda/check.h"
#include "core/base/large_block.h"
#include "core/base/log.h"

#include <algorithm>
#include <new>
#include <optional>

namespace limpid::cuda {
namespace {

// Below this the driver takes it as fast by itself.
constexpr std::size_t least_registered_bytes = std::size_t{2} << 20;

void free_pinned(void* memory) {
  if (cudaFreeHost(memory) != cudaSuccess)
    log_warning("releasing page-locked memory failed");
}

// Memory that is there already, locked for the GPU.
class RegisteredBlock {
 public:
  // Throws std::bad_alloc, also if it cannot be locked.
  explicit RegisteredBlock(std::size_t size_bytes) : block_(size_bytes) {
    if (cudaHostRegister(block_.data(), block_.size_bytes(), cudaHostRegisterPortable) !=
        cudaSuccess) {
      static_cast<void>(cudaGetLastError());  // it would be reported again by the next check
      throw std::bad_alloc();
    }
  }
  RegisteredBlock(const RegisteredBlock&) = delete;
  RegisteredBlock& operator=(const RegisteredBlock&) = delete;
  ~RegisteredBlock() {
    if (cudaHostUnregister(block_.data()) != cudaSuccess)
      log_warning("releasing page-locked memory failed");
  }

  std::byte* data() const { return block_.data(); }

 private:
  LargeBlock block_;
};

// Null where memory cannot be locked afterwards.
std::shared_ptr<RegisteredBlock> try_register(std::size_t size_bytes) {
  if (size_bytes < least_registered_bytes)
    return nullptr;
  try {
    return std::make_shared<RegisteredBlock>(size_bytes);
  } catch (const std::bad_alloc&) {
    log_debug("{} bytes of memory could not be locked; the driver is asked for them", size_bytes);
    return nullptr;
  }
}

}  // namespace

// The driver keeps other calls waiting while it takes memory of its own: for a micrograph 100 ms,
// instead of the 5 that it takes to lock what is there.
std::shared_ptr<Storage> allocate_pinned(std::size_t size_bytes) {
  if (const auto block = try_register(size_bytes))
    return std::make_shared<Storage>(block->data(), size_bytes, block);
  void* memory = nullptr;
  if (cudaHostAlloc(&memory, std::max<std::size_t>(size_bytes, 1), cudaHostAllocPortable) !=
      cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    fail(ErrorKind::device, "allocating {} bytes of page-locked memory failed", size_bytes);
  }
  return std::make_shared<Storage>(
      static_cast<std::byte*>(memory), size_bytes, std::shared_ptr<void>(memory, free_pinned));
}

}  // namespace limpid::cuda
