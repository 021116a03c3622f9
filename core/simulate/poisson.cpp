#include "core/simulate/poisson.h"

#include <cmath>

namespace limpid {

const LogFactorials& log_factorials() {
  static const LogFactorials table = [] {
    LogFactorials logarithms{};
    for (int i = 1; i < LogFactorials::size; ++i)
      logarithms.values[i] = logarithms.values[i - 1] + std::log(static_cast<double>(i));
    return logarithms;
  }();
  return table;
}

std::int64_t draw_poisson(double mean, RandomSequence& random) {
  return draw_poisson(mean, log_factorials(), random);
}

}  // namespace limpid
