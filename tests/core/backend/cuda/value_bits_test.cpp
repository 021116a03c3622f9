#include "core/backend/cuda/value_bits.h"

#include "tests/support/catch.h"

#include <array>

using namespace limpid::cuda;

namespace {

using Values = std::array<std::array<int, 8>, 4>;  // of four pixels, eight channels of each

// All that four pixels can be to each other, one case a call.
Values values_of_case(int number) {
  Values values{};
  for (int channel = 0; channel < 8; ++channel) {
    int rest = number + 37 * channel;
    for (auto& pixel : values) {
      pixel[static_cast<std::size_t>(channel)] = rest % 4 - 1;  // -1 to 2
      rest /= 4;
    }
  }
  return values;
}

// The mask of channels 2 * word and 2 * word + 1 where `holds`.
template <class Holds>
std::uint32_t mask(int word, Holds&& holds) {
  return (holds(static_cast<std::size_t>(2 * word)) ? 0xffffu : 0u) |
         (holds(static_cast<std::size_t>(2 * word + 1)) ? 0xffff0000u : 0u);
}

PairMasks pair_masks(const std::array<int, 8>& left, const std::array<int, 8>& right, int word) {
  return {mask(word, [&](std::size_t c) { return left[c] > 0; }),
          mask(word, [&](std::size_t c) { return right[c] > 0; }),
          mask(word, [&](std::size_t c) { return right[c] > left[c]; })};
}

}  // namespace

TEST_CASE("value bits: a pool code has the signs and the first maximum of four values") {
  for (int number = 0; number < 256; ++number) {
    const Values v = values_of_case(number);
    for (int half = 0; half < 2; ++half) {  // of the channels
      const int word = 2 * half;
      const std::uint32_t above =
          row_codes(pair_masks(v[0], v[1], word), pair_masks(v[0], v[1], word + 1));
      const std::uint32_t below =
          row_codes(pair_masks(v[2], v[3], word), pair_masks(v[2], v[3], word + 1));
      const auto below_larger = [&](std::size_t c) {
        return std::max(v[2][c], v[3][c]) > std::max(v[0][c], v[1][c]);
      };
      const std::uint32_t codes =
          pool_codes(above, below, mask(word, below_larger), mask(word + 1, below_larger));
      for (int i = 0; i < 4; ++i) {
        const auto c = static_cast<std::size_t>(4 * half + i);
        const auto code = static_cast<PoolCode>(codes >> 8 * i);
        int best = 0;
        for (int q = 0; q < 4; ++q) {
          CHECK(is_positive(code, q) == (v[static_cast<std::size_t>(q)][c] > 0));
          if (v[static_cast<std::size_t>(q)][c] > v[static_cast<std::size_t>(best)][c])
            best = q;
        }
        CHECK(maximum_of(code) == best);
      }
    }
  }
}

TEST_CASE("value bits: a byte of signs gives the masks it was made of") {
  for (unsigned signs = 0; signs < 256; ++signs) {
    std::uint32_t masks[4];
    for (int word = 0; word < 4; ++word)
      masks[word] = mask(word, [&](std::size_t c) { return (signs >> c & 1u) != 0; });
    CHECK(sign_byte(masks) == signs);
    for (int word = 0; word < 4; ++word)
      CHECK(positive_mask(static_cast<SignByte>(signs), word) == masks[word]);
  }
}
