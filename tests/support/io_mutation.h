#pragma once

#include "core/base/random.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace limpid::test {

// One random change of the kinds that find errors in parsers.
inline void mutate_once(std::string& bytes, RandomSequence& random) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (size == 0) {
    bytes.push_back(static_cast<char>(random.bits()));
    return;
  }
  // Half of the changes hit the first bytes, where headers are.
  const std::int64_t reach = random.below(2) == 0 ? std::min<std::int64_t>(size, 512) : size;
  const auto at = static_cast<std::size_t>(random.below(reach));
  switch (random.below(7)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(random.bits());
      break;
    case 2: {  // numbers at the edges of their types, in both byte orders
      constexpr std::array<std::uint32_t, 9> edges = {
          0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff};
      std::uint32_t edge = edges[static_cast<std::size_t>(random.below(edges.size()))];
      if (random.below(2) == 0)
        edge = __builtin_bswap32(edge);
      for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i)
        bytes[at + i] = static_cast<char>(edge >> (8 * i));
      break;
    }
    case 3:
      bytes.resize(at);
      break;
    case 4:
      bytes.erase(at, static_cast<std::size_t>(1 + random.below(8)));
      break;
    case 5:
      bytes.insert(
          at, static_cast<std::size_t>(1 + random.below(8)), "\0 \n'\"_#{"[random.below(8)]);
      break;
    case 6: {  // a piece of the file again somewhere else
      const auto length = static_cast<std::size_t>(1 + random.below(32));
      const std::string piece = bytes.substr(at, length);
      bytes.insert(static_cast<std::size_t>(random.below(size)), piece);
      break;
    }
  }
}

inline std::string mutated(std::string bytes, RandomSequence& random) {
  for (std::int64_t i = 1 + random.below(4); i > 0; --i)
    mutate_once(bytes, random);
  return bytes;
}

}  // namespace limpid::test
