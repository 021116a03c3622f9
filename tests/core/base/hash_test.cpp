#include "core/base/hash.h"

#include "tests/support/catch.h"

#include <vector>

using namespace limpid;

namespace {

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>(i * 37 + 11);
  return bytes;
}

}  // namespace

// Expected digits from XXH64 of libxxhash 0.8.1.
TEST_CASE("hash: equals the reference implementation for every kind of tail") {
  const std::pair<std::size_t, const char*> known[] = {{0, "ef46db3751d8e999"},
                                                       {1, "f592c0c7639c4cb6"},
                                                       {3, "22c08528601d4f27"},
                                                       {4, "fb1e5cf2f1ae4d95"},
                                                       {7, "5613ac510496c04e"},
                                                       {8, "57cb2b7521f3e21a"},
                                                       {31, "e4a0e629e519a4ae"},
                                                       {32, "cc6b8aaada790b2d"},
                                                       {33, "35ec49850475a832"},
                                                       {63, "bf9f0ba3cf95b28a"},
                                                       {64, "155ccce4bf32befc"},
                                                       {100, "4826e367566ea023"},
                                                       {1000, "128da10cfbdc59d9"}};
  for (const auto& [size, digits] : known)
    CHECK(content_hash(pattern(size)) == digits);
}

TEST_CASE("hash: pieces of any size give the hash of the whole") {
  const std::vector<std::byte> bytes = pattern(500);
  for (const std::size_t piece : {1u, 5u, 31u, 32u, 33u, 64u, 499u}) {
    ContentHash hash;
    for (std::size_t begin = 0; begin < bytes.size(); begin += piece)
      hash.update(std::span(bytes).subspan(begin, std::min(piece, bytes.size() - begin)));
    CHECK(hash.hex() == content_hash(bytes));
  }
}
