#include "core/io/half.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

using namespace limpid;

namespace {

// The value by the definition of IEEE 754 binary16.
double defined_value(std::uint16_t bits) {
  const int sign = bits >> 15;
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  double value = 0;
  if (exponent == 31)
    value = fraction == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  else if (exponent == 0)
    value = std::ldexp(fraction, -24);
  else
    value = std::ldexp(1024 + fraction, exponent - 25);
  return sign ? -value : value;
}

std::vector<std::uint16_t> all_halves() {
  std::vector<std::uint16_t> halves(65536);
  std::iota(halves.begin(), halves.end(), std::uint16_t{0});
  return halves;
}

bool same(float a, double b) {
  return std::isnan(b) ? std::isnan(a) : static_cast<double>(a) == b;
}

}  // namespace

TEST_CASE("half: all 65536 values widen to their definition, with and without F16C") {
  const std::vector<std::uint16_t> halves = all_halves();
  std::vector<float> fast(halves.size()), portable(halves.size());
  half_to_float(halves, fast);
  half_to_float_portable(halves, portable);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < halves.size(); ++i)
    wrong +=
        !same(fast[i], defined_value(halves[i])) || !same(portable[i], defined_value(halves[i]));
  CHECK(wrong == 0);
}

TEST_CASE("half: floats narrow to the nearest value, ties to even, with and without F16C") {
  // All finite halves, the midpoints between neighbours and the floats next to these.
  std::vector<float> values;
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {
    const auto here = static_cast<float>(defined_value(bits));
    const auto middle = static_cast<float>(
        (defined_value(bits) + defined_value(static_cast<std::uint16_t>(bits + 1))) / 2);
    for (const float value :
         {here, middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e9f)}) {
      values.push_back(value);
      values.push_back(-value);
    }
  }
  std::vector<std::uint16_t> fast(values.size()), portable(values.size());
  float_to_half(values, fast);
  float_to_half_portable(values, portable);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = static_cast<double>(values[i]);
    const double error = std::abs(defined_value(fast[i]) - value);
    // The neighbours lie on both sides; a smaller distance to one of them would be an error.
    const double above = std::abs(defined_value(static_cast<std::uint16_t>(fast[i] + 1)) - value);
    const double below =
        (fast[i] & 0x7fff) == 0
            ? above
            : std::abs(defined_value(static_cast<std::uint16_t>(fast[i] - 1)) - value);
    const bool is_tie = error == above || error == below;
    wrong += error > above || error > below || (is_tie && error > 0 && fast[i] % 2 != 0);
    wrong += fast[i] != portable[i];
  }
  CHECK(wrong == 0);
}

TEST_CASE("half: spans of any length, with what is left over by groups of eight") {
  for (std::size_t size = 0; size < 40; ++size) {
    std::vector<float> values(size);
    std::iota(values.begin(), values.end(), 1.0f);
    std::vector<std::uint16_t> halves(size);
    float_to_half(values, halves);
    std::vector<float> back(size);
    half_to_float(halves, back);
    CHECK(back == values);
  }
}
