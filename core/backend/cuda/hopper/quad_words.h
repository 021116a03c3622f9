#pragma once

#include "core/base/host_device.h"

#include <cstdint>

// How threads exchange what the accumulators of warpgroup instructions hold, apart from the
// kernels, so that the CPU can follow it.
namespace limpid::cuda {

// Accumulators lie with two neighbouring channels a thread; four threads (a quad) together have 8
// neighbouring channels of a pixel. To store 16 bytes a thread, the quad transposes: before, thread
// q has the q-th word of four groups of 8 channels; after, the four words of group q. Two rounds,
// in each of which it gives two words to the thread whose number differs in bit `round`.
struct QuadWords {
  std::uint32_t word[4];
};
struct QuadPair {
  std::uint32_t word[2];
};
LIMPID_HOST_DEVICE constexpr QuadPair quad_gives(int round, int thread, const QuadWords& w) {
  if (round == 0)
    return (thread & 1) != 0 ? QuadPair{{w.word[0], w.word[2]}} : QuadPair{{w.word[1], w.word[3]}};
  return (thread & 2) != 0 ? QuadPair{{w.word[0], w.word[1]}} : QuadPair{{w.word[2], w.word[3]}};
}
LIMPID_HOST_DEVICE constexpr QuadWords quad_takes(int round,
                                                  int thread,
                                                  const QuadWords& w,
                                                  const QuadPair& taken) {
  const std::uint32_t a = taken.word[0];
  const std::uint32_t b = taken.word[1];
  if (round == 0)
    return (thread & 1) != 0 ? QuadWords{{a, w.word[1], b, w.word[3]}}
                             : QuadWords{{w.word[0], a, w.word[2], b}};
  return (thread & 2) != 0 ? QuadWords{{a, b, w.word[2], w.word[3]}}
                           : QuadWords{{w.word[0], w.word[1], a, b}};
}

// 2x2 maxima: the threads with the pixels to the left and right, whose numbers differ in
// `pool_partner`, each give the other half of what they have.
inline constexpr int pool_partner = 4;
LIMPID_HOST_DEVICE constexpr bool is_right_of_pair(int thread) {
  return (thread & pool_partner) != 0;
}

}  // namespace limpid::cuda
