#include "core/io/half.h"

#include "core/base/error.h"

#include <Eigen/Core>

#include <bit>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace limpid {
namespace {

#ifdef __x86_64__

// Converts whole groups of 8 and returns how many values that were.
__attribute__((target("avx,f16c"))) std::size_t half_to_float_f16c(
    std::span<const std::uint16_t> halves, std::span<float> values) {
  std::size_t i = 0;
  for (; i + 8 <= halves.size(); i += 8) {
    const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(halves.data() + i));
    _mm256_storeu_ps(values.data() + i, _mm256_cvtph_ps(packed));
  }
  return i;
}

__attribute__((target("avx,f16c"))) std::size_t float_to_half_f16c(
    std::span<const float> values, std::span<std::uint16_t> halves) {
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const __m256 wide = _mm256_loadu_ps(values.data() + i);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(halves.data() + i),
                     _mm256_cvtps_ph(wide, _MM_FROUND_TO_NEAREST_INT));
  }
  return i;
}

bool has_f16c() {
  static const bool answer = __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");
  return answer;
}

#endif

}  // namespace

void half_to_float_portable(std::span<const std::uint16_t> halves, std::span<float> values) {
  for (std::size_t i = 0; i < halves.size(); ++i)
    values[i] = Eigen::half_impl::half_to_float(Eigen::half_impl::__half_raw(halves[i]));
}

void float_to_half_portable(std::span<const float> values, std::span<std::uint16_t> halves) {
  for (std::size_t i = 0; i < values.size(); ++i)
    halves[i] = Eigen::half_impl::float_to_half_rtne(values[i]).x;
}

void half_to_float(std::span<const std::uint16_t> halves, std::span<float> values) {
  require(halves.size() == values.size(), "{} halves for {} values", halves.size(), values.size());
  std::size_t done = 0;
#ifdef __x86_64__
  if (has_f16c())
    done = half_to_float_f16c(halves, values);
#endif
  half_to_float_portable(halves.subspan(done), values.subspan(done));
}

void float_to_half(std::span<const float> values, std::span<std::uint16_t> halves) {
  require(halves.size() == values.size(), "{} halves for {} values", halves.size(), values.size());
  std::size_t done = 0;
#ifdef __x86_64__
  if (has_f16c())
    done = float_to_half_f16c(values, halves);
#endif
  float_to_half_portable(values.subspan(done), halves.subspan(done));
}

}  // namespace limpid
