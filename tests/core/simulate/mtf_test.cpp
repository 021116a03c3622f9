#include "core/simulate/mtf.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

TEST_CASE("mtf: the curve passes through its two values and falls from 1") {
  const Mtf mtf(0.8, 0.45);
  CHECK(mtf(0) == Approx(1));
  CHECK(mtf(0.25) == Approx(0.8));
  CHECK(mtf(0.5) == Approx(0.45));
  for (double f = 0.01; f < 0.7; f += 0.01)
    CHECK(mtf(f) < mtf(f - 0.01));
  const Mtf perfect;
  CHECK(perfect(0.5) == 1);
}

TEST_CASE("mtf: a table is interpolated between its rows and held beyond them") {
  const Mtf mtf = Mtf::from_table({{0.1, 0.9}, {0.3, 0.5}});
  CHECK(mtf(0) == Approx(0.9));
  CHECK(mtf(0.2) == Approx(0.7));
  CHECK(mtf(0.6) == Approx(0.5));
}

TEST_CASE("mtf: broken tables and curves are refused") {
  CHECK_THROWS_WITH(Mtf::from_table({}), ContainsSubstring("empty"));
  CHECK_THROWS_WITH(Mtf::from_table({{0.1, 1}, {0.1, 0.5}}), ContainsSubstring("row 2"));
  CHECK_THROWS_AS(Mtf::from_table({{0.1, std::nan("")}}), Error);
  CHECK_THROWS_AS(Mtf(0.5, 0.8), Error);
  CHECK_THROWS_AS(Mtf(0.5, 0), Error);
}
