#include "core/backend/ops.h"

namespace limpid {

Shape ResampleDesc::output() const {
  switch (kind) {
    case ResampleKind::max_pool:
      return {input.batch, input.height / 2, input.width / 2, input.channels};
    case ResampleKind::upsample_nearest:
      return {input.batch, 2 * input.height, 2 * input.width, input.channels};
    case ResampleKind::space_to_depth:
      return {input.batch, input.height / 2, input.width / 2, 4 * input.channels};
    case ResampleKind::depth_to_space:
      return {input.batch, 2 * input.height, 2 * input.width, input.channels / 4};
  }
  fail(ErrorKind::internal, "an unknown kind of resampling");
}

}  // namespace limpid
