#include "core/base/hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

// XXH64 as specified in github.com/Cyan4973/xxHash, doc/xxhash_spec.md.
namespace limpid {
namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87ull;
constexpr std::uint64_t prime2 = 0xC2B2AE3D27D4EB4Full;
constexpr std::uint64_t prime3 = 0x165667B19E3779F9ull;
constexpr std::uint64_t prime4 = 0x85EBCA77C2B2AE63ull;
constexpr std::uint64_t prime5 = 0x27D4EB2F165667C5ull;

static_assert(std::endian::native == std::endian::little, "words are loaded as little-endian");

template <class Word>
Word load(const std::byte* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t word) {
  return std::rotl(lane + word * prime2, 31) * prime1;
}

std::uint64_t merge(std::uint64_t hash, std::uint64_t lane) {
  return (hash ^ round(0, lane)) * prime1 + prime4;
}

}  // namespace

std::array<std::uint64_t, 4> ContentHash::initial_lanes() {
  return {prime1 + prime2, prime2, 0, 0 - prime1};
}

void ContentHash::consume_stripe(const std::byte* stripe) {
  for (std::size_t i = 0; i < 4; ++i)
    lanes_[i] = round(lanes_[i], load<std::uint64_t>(stripe + 8 * i));
}

void ContentHash::update(std::span<const std::byte> bytes) {
  total_bytes_ += bytes.size();
  if (pending_bytes_ > 0) {
    const std::size_t taken = std::min(stripe_bytes - pending_bytes_, bytes.size());
    std::copy_n(bytes.begin(), taken, pending_.begin() + pending_bytes_);
    pending_bytes_ += taken;
    bytes = bytes.subspan(taken);
    if (pending_bytes_ < stripe_bytes)
      return;
    consume_stripe(pending_.data());
    pending_bytes_ = 0;
  }
  for (; bytes.size() >= stripe_bytes; bytes = bytes.subspan(stripe_bytes))
    consume_stripe(bytes.data());
  std::copy(bytes.begin(), bytes.end(), pending_.begin());
  pending_bytes_ = bytes.size();
}

std::uint64_t ContentHash::value() const {
  std::uint64_t hash = prime5;
  if (total_bytes_ >= stripe_bytes) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
    for (const std::uint64_t lane : lanes_)
      hash = merge(hash, lane);
  }
  hash += total_bytes_;

  const std::byte* rest = pending_.data();
  const std::byte* end = rest + pending_bytes_;
  for (; end - rest >= 8; rest += 8)
    hash = std::rotl(hash ^ round(0, load<std::uint64_t>(rest)), 27) * prime1 + prime4;
  if (end - rest >= 4) {
    hash = std::rotl(hash ^ (load<std::uint32_t>(rest) * prime1), 23) * prime2 + prime3;
    rest += 4;
  }
  for (; rest < end; ++rest)
    hash = std::rotl(hash ^ (static_cast<std::uint64_t>(*rest) * prime5), 11) * prime1;

  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

std::string ContentHash::hex() const {
  return fmt::format("{:016x}", value());
}

std::string content_hash(std::span<const std::byte> bytes) {
  ContentHash hash;
  hash.update(bytes);
  return hash.hex();
}

}  // namespace limpid
