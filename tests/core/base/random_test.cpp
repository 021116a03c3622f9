#include "core/base/random.h"

#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

// Known answers of Philox4x32-10 from the Random123 distribution (kat_vectors): counter and key all
// zero, all ones, and the digits of pi.
TEST_CASE("random: philox gives the published values") {
  const RandomBlock zeros = philox4x32(0, 0, 0);
  CHECK(zeros.value[0] == 0x6627e8d5u);
  CHECK(zeros.value[1] == 0xe169c58du);
  CHECK(zeros.value[2] == 0xbc57ac4cu);
  CHECK(zeros.value[3] == 0x9b00dbd8u);
  const RandomBlock ones = philox4x32(~0ull, ~0ull, ~0ull);
  CHECK(ones.value[0] == 0x408f276du);
  CHECK(ones.value[1] == 0x41c83b0eu);
  CHECK(ones.value[2] == 0xa20bc7c6u);
  CHECK(ones.value[3] == 0x6d5451fdu);
  const RandomBlock pi =
      philox4x32(0x299f31d0a4093822ull, 0x0370734413198a2eull, 0x85a308d3243f6a88ull);
  CHECK(pi.value[0] == 0xd16cfe09u);
  CHECK(pi.value[1] == 0x94fdccebu);
  CHECK(pi.value[2] == 0x5001e420u);
  CHECK(pi.value[3] == 0x24126ea1u);
}

TEST_CASE("random: uniform numbers never reach 0 or 1") {
  CHECK(uniform_open(0) > 0.0f);
  CHECK(uniform_open(~0u) < 1.0f);
}

TEST_CASE("random: a sequence has the moments of its distributions") {
  RandomSequence random(7, 3);
  constexpr int count = 200000;
  double sum = 0, square_sum = 0, normal_sum = 0, normal_square_sum = 0;
  for (int i = 0; i < count; ++i) {
    const double u = random.uniform();
    const double z = random.normal();
    sum += u;
    square_sum += u * u;
    normal_sum += z;
    normal_square_sum += z * z;
  }
  // Five standard errors.
  CHECK(std::abs(sum / count - 0.5) < 5 * std::sqrt(1.0 / 12 / count));
  CHECK(std::abs(square_sum / count - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / count));
  CHECK(std::abs(normal_sum / count) < 5 / std::sqrt(count));
  CHECK(std::abs(normal_square_sum / count - 1) < 5 * std::sqrt(2.0 / count));
}

TEST_CASE("random: sequences with other seeds or streams differ, equal ones agree") {
  RandomSequence a(1, 1), same(1, 1), other_seed(2, 1), other_stream(1, 2);
  const auto first = a.bits();
  CHECK(first == same.bits());
  CHECK(first != other_seed.bits());
  CHECK(first != other_stream.bits());
}
