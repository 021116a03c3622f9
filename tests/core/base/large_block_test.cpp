#include "core/base/large_block.h"

#include "tests/support/catch.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <vector>

namespace limpid {
namespace {

constexpr std::size_t page_bytes = 4096;

bool is_resident(const LargeBlock& block) {
  std::vector<unsigned char> pages((block.size_bytes() + page_bytes - 1) / page_bytes);
  if (::mincore(block.data(), block.size_bytes(), pages.data()) != 0)
    return false;
  return std::all_of(pages.begin(), pages.end(), [](unsigned char page) { return page & 1; });
}

}  // namespace

TEST_CASE("large_block: it is there, zero, and can be written to the last byte") {
  for (const std::size_t size_bytes : {std::size_t{1}, std::size_t{5000}, std::size_t{200} << 20}) {
    const LargeBlock block(size_bytes);
    CHECK(block.size_bytes() == size_bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(block.data()) % (std::size_t{2} << 20) == 0);
    CHECK(is_resident(block));
    CHECK(std::all_of(block.data(), block.data() + size_bytes, [](std::byte value) {
      return value == std::byte{0};
    }));
    std::fill_n(block.data(), size_bytes, std::byte{7});
    CHECK(block.data()[size_bytes - 1] == std::byte{7});
  }
}

TEST_CASE("large_block: more than there can be is refused") {
  CHECK_THROWS_AS(LargeBlock(std::numeric_limits<std::size_t>::max()), std::bad_alloc);
  CHECK_THROWS_AS(LargeBlock(std::size_t{1} << 60), std::bad_alloc);
}

}  // namespace limpid
