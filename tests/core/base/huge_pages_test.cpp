#include "core/base/huge_pages.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>

using namespace limpid;

TEST_CASE("huge_pages: sizes become whole pages") {
  CHECK(in_huge_pages(0) == 0);
  CHECK(in_huge_pages(1) == huge_page_bytes);
  CHECK(in_huge_pages(huge_page_bytes) == huge_page_bytes);
  CHECK(in_huge_pages(5 * huge_page_bytes + 1) == 6 * huge_page_bytes);
}

TEST_CASE("huge_pages: memory begins on a boundary and can be written to its last byte") {
  for (const std::size_t size_bytes : {std::size_t{1}, 3 * huge_page_bytes + 17}) {
    const std::unique_ptr<void, decltype(&std::free)> memory(allocate_huge_pages(size_bytes),
                                                             std::free);
    REQUIRE(memory);
    CHECK(reinterpret_cast<std::uintptr_t>(memory.get()) % huge_page_bytes == 0);
    auto* const bytes = static_cast<unsigned char*>(memory.get());
    std::fill_n(bytes, size_bytes, static_cast<unsigned char>(7));
    CHECK(bytes[size_bytes - 1] == 7);
  }
}

TEST_CASE("huge_pages: more than there can be is no memory") {
  CHECK(allocate_huge_pages(std::size_t{1} << 60) == nullptr);
  CHECK(allocate_huge_pages(std::numeric_limits<std::size_t>::max()) == nullptr);
}
