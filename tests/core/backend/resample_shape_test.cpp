#include "core/backend/ops.h"
#include "tests/support/catch.h"

using namespace limpid;

TEST_CASE("resample shape: sizes are halved and doubled, channels with them") {
  const Shape input{2, 6, 10, 8};
  CHECK(ResampleDesc{.kind = ResampleKind::max_pool, .input = input}.output() == Shape{2, 3, 5, 8});
  CHECK(ResampleDesc{.kind = ResampleKind::upsample_nearest, .input = input}.output() ==
        Shape{2, 12, 20, 8});
  CHECK(ResampleDesc{.kind = ResampleKind::space_to_depth, .input = input}.output() ==
        Shape{2, 3, 5, 32});
  CHECK(ResampleDesc{.kind = ResampleKind::depth_to_space, .input = input}.output() ==
        Shape{2, 12, 20, 2});
}

TEST_CASE("resample shape: an odd last row or column of one image is left out by a pool") {
  CHECK(ResampleDesc{.kind = ResampleKind::max_pool, .input = {1, 7, 11, 8}}.output() ==
        Shape{1, 3, 5, 8});
}

TEST_CASE("resample shape: unshuffling refuses what it would leave out") {
  for (const Shape& input : {Shape{1, 7, 10, 1}, Shape{1, 6, 11, 1}})
    CHECK_THROWS_WITH((ResampleDesc{.kind = ResampleKind::space_to_depth, .input = input}.output()),
                      Catch::Contains("unshuffling an image of"));
}
