#include "core/base/large_allocator.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <vector>

using namespace limpid;

namespace {

using LargeVector = std::vector<float, LargeAllocator<float>>;

}  // namespace

TEST_CASE("large_allocator: small and large vectors keep what they hold when they grow and move") {
  LargeVector values(1000);
  std::iota(values.begin(), values.end(), 0.0f);
  values.resize(5'000'000, 7.0f);
  CHECK(values[999] == 999.0f);
  CHECK(values[1000] == 7.0f);
  CHECK(values.back() == 7.0f);
  const LargeVector moved = std::move(values);
  const LargeVector copy = moved;
  CHECK(copy == moved);
}

TEST_CASE("large_allocator: what is large begins on the boundary of a huge page") {
  const LargeVector values(3'000'000, 1.0f);
  CHECK(reinterpret_cast<std::uintptr_t>(values.data()) % (std::size_t{2} << 20) == 0);
}

TEST_CASE("large_allocator: elements that are given a value have it, also in used memory") {
  LargeVector values(2'500'000, 3.0f);
  values.clear();
  values.resize(values.capacity(), 0.0f);
  CHECK(std::all_of(values.begin(), values.end(), [](float value) { return value == 0.0f; }));
}

TEST_CASE("large_allocator: more than there can be is refused") {
  LargeAllocator<float> allocator;
  CHECK_THROWS_AS(allocator.allocate(std::numeric_limits<std::size_t>::max() / 2), std::bad_alloc);
  CHECK_THROWS_AS(allocator.allocate(std::size_t{1} << 58), std::bad_alloc);
}
