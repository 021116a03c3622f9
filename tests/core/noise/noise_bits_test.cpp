#include "tests/support/catch.h"

#include <cstdint>

extern "C" std::uint64_t noise_hash_unoptimized(std::uint64_t pixel_count);
extern "C" std::uint64_t noise_hash_optimized(std::uint64_t pixel_count);

TEST_CASE("noise: code compiled with -O0 and with -O3 -march=native gives equal bits") {
  CHECK(noise_hash_unoptimized(500000) == noise_hash_optimized(500000));
}

TEST_CASE("noise: the checksum of half a million pixels is the stored one") {
  CHECK(noise_hash_optimized(500000) == 0x73eb4ce4fc86587full);
}
