#include "core/train/schedule.h"

#include "tests/support/catch.h"

using namespace limpid;

TEST_CASE("schedule: the learning rate rises, then falls to a hundredth") {
  CHECK(learning_rate(0, 10000, 1e-3f) == Approx(1e-3 / 200));
  CHECK(learning_rate(199, 10000, 1e-3f) == Approx(1e-3).epsilon(0.01));
  CHECK(learning_rate(5000, 10000, 1e-3f) == Approx(0.505e-3).epsilon(0.01));
  CHECK(learning_rate(10000, 10000, 1e-3f) == Approx(1e-5));
  CHECK(learning_rate(0, 1, 1e-3f) == Approx(1e-3));
}

TEST_CASE("schedule: the average forgets its start") {
  CHECK(average_decay(0) == Approx(0.1));
  CHECK(average_decay(90) == Approx(0.91));
  CHECK(average_decay(1000000) == Approx(0.999));
}
