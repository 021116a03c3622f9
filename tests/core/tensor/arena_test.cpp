#include "core/tensor/arena.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <vector>

using namespace limpid;

namespace {

std::shared_ptr<Storage> host_block(std::size_t size_bytes) {
  auto bytes = std::make_shared<std::vector<std::byte>>(size_bytes);
  return std::make_shared<Storage>(bytes->data(), size_bytes, bytes);
}

}  // namespace

TEST_CASE("arena: released memory is used again and the size stays at the high-water mark") {
  Arena arena;
  const Shape shape{1, 64, 64, 32};
  const Tensor a = arena.tensor(shape, DataType::float32);
  const Tensor b = arena.tensor(shape, DataType::float32);
  arena.release(a);
  const Tensor c = arena.tensor(shape, DataType::float32);
  CHECK(arena.size_bytes() == 2 * Tensor::size_bytes(shape, DataType::float32));
  arena.bind(host_block);
  CHECK(c.data() == a.data());
  CHECK(c.data() != b.data());
}

TEST_CASE("arena: tensors that live at the same time never overlap") {
  Arena arena;
  RandomSequence random(5, 0);
  struct Live {
    Tensor tensor;
    std::size_t begin, end;
  };
  std::vector<Live> live;
  for (int i = 0; i < 2000; ++i) {
    if (live.size() > 20 || (!live.empty() && random.uniform() < 0.4)) {
      const auto which =
          static_cast<std::size_t>(random.below(static_cast<std::int64_t>(live.size())));
      arena.release(live[which].tensor);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
      continue;
    }
    const Shape shape{1, 1, 1, 1 + random.below(5000)};
    const Tensor tensor = arena.tensor(shape, DataType::bfloat16);
    const std::size_t begin = tensor.offset_bytes();
    const std::size_t end = begin + Tensor::size_bytes(shape, DataType::bfloat16);
    CHECK(begin % 256 == 0);
    CHECK(end <= arena.size_bytes());
    for (const Live& other : live)
      CHECK((end <= other.begin || begin >= other.end));
    live.push_back({tensor, begin, end});
  }
}

TEST_CASE("arena: a foreign tensor cannot be released") {
  Arena arena;
  const Tensor a = arena.tensor({1, 2, 2, 1}, DataType::float32);
  arena.release(a);
  CHECK_THROWS_AS(arena.release(a), Error);
}

TEST_CASE("tensor: a channel slice shares memory and keeps the pixel stride") {
  Arena arena;
  const Tensor wide = arena.tensor({2, 3, 4, 96}, DataType::bfloat16);
  const Tensor slice = wide.channels(32, 64);
  arena.bind(host_block);
  CHECK(slice.shape().channels == 64);
  CHECK(slice.pixel_stride() == 96);
  CHECK_FALSE(slice.is_dense());
  CHECK(slice.data() - wide.data() == 64);
  CHECK_THROWS_AS(wide.channels(64, 64), Error);
}
