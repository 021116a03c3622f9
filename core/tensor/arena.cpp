#include "core/tensor/arena.h"

#include <algorithm>
#include <iterator>

namespace limpid {
namespace {

// Enough for any vector load and for cuDNN; also keeps tensors on separate cache lines.
constexpr std::size_t alignment_bytes = 256;

}  // namespace

Arena::Arena() : storage_(std::make_shared<Storage>()) {}

Tensor Arena::tensor(const Shape& shape, DataType type) {
  const std::size_t wanted = std::max<std::size_t>(Tensor::size_bytes(shape, type), 1);
  return Tensor(shape,
                type,
                storage_,
                take((wanted + alignment_bytes - 1) / alignment_bytes * alignment_bytes));
}

std::size_t Arena::take(std::size_t size_bytes) {
  auto best = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it)
    if (it->second >= size_bytes && (best == free_.end() || it->second < best->second))
      best = it;
  std::size_t offset = high_water_bytes_;
  if (best != free_.end()) {
    offset = best->first;
    const std::size_t rest = best->second - size_bytes;
    free_.erase(best);
    if (rest > 0)
      free_[offset + size_bytes] = rest;
  } else if (!free_.empty()) {
    const auto last = std::prev(free_.end());
    if (last->first + last->second == high_water_bytes_) {  // grow the free block at the end
      offset = last->first;
      free_.erase(last);
    }
  }
  high_water_bytes_ = std::max(high_water_bytes_, offset + size_bytes);
  used_[offset] = size_bytes;
  return offset;
}

void Arena::release(const Tensor& tensor) {
  const auto found = used_.find(tensor.offset_bytes());
  require(found != used_.end(), "a tensor that this arena does not hold was released");
  std::size_t offset = found->first;
  std::size_t size = found->second;
  used_.erase(found);
  const auto next = free_.find(offset + size);
  if (next != free_.end()) {
    size += next->second;
    free_.erase(next);
  }
  const auto after = free_.lower_bound(offset);
  if (after != free_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
    }
  }
  free_[offset] = size;
}

void Arena::bind(const std::function<std::shared_ptr<Storage>(std::size_t)>& allocate) {
  const std::shared_ptr<Storage> block = allocate(high_water_bytes_);
  *storage_ = Storage(block->data(), block->size_bytes(), block);
}

}  // namespace limpid
