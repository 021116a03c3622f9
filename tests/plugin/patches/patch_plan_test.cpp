#include "plugin/patches/patch_plan.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <algorithm>

using namespace limpid;
using Catch::Matchers::Contains;

namespace {

std::int64_t chosen_of(std::int64_t count, double wanted) {
  const std::vector<bool> is_test = choose_test_set(count, wanted, 1);
  return std::count(is_test.begin(), is_test.end(), true);
}

}  // namespace

TEST_CASE("patch plan: the test set is a number or a fraction, rounded down, of the micrographs") {
  CHECK(chosen_of(196, 19) == 19);
  CHECK(chosen_of(196, 0.1) == 19);
  CHECK(chosen_of(10, 0.3) == 3);
  CHECK(chosen_of(3, 0.1) == 1);
  CHECK(chosen_of(3, 0) == 0);
  CHECK_THROWS_WITH(choose_test_set(3, 3, 0), Contains("none would be left to train on"));
  CHECK_THROWS_WITH(choose_test_set(1, 0.1, 0), Contains("none would be left to train on"));
  CHECK_THROWS_WITH(choose_test_set(9, 2.5, 0), Contains("whole number"));
}

TEST_CASE("patch plan: the test set is a function of the seed") {
  CHECK(choose_test_set(196, 19, 4) == choose_test_set(196, 19, 4));
  CHECK(choose_test_set(196, 19, 4) != choose_test_set(196, 19, 5));
}

TEST_CASE("patch plan: the space of the reference dataset") {
  PatchPlan plan;
  plan.dataset.patch_size_px = 1024;
  plan.dataset.stride_px = 512;
  for (int i = 0; i < 196; ++i) {
    PlannedMicrograph micrograph;
    micrograph.set = i < 19 ? PatchSetKind::test : PatchSetKind::train;
    micrograph.columns = patches_along(7420, 1024, 512);
    micrograph.rows = patches_along(7676, 1024, 512);
    plan.micrographs.push_back(micrograph);
  }
  CHECK(plan.patch_count(PatchSetKind::train) == 29913);
  CHECK(plan.patch_count(PatchSetKind::test) == 3211);
  CHECK(plan.total_bytes() == 277864251392ull);
  plan.dataset.has_inputs = false;
  plan.dataset.is_float16 = true;
  CHECK(plan.total_bytes() == 69466062848ull);
}
