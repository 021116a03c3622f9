#include "core/backend/ops.h"

namespace limpid {

Shape ResampleDesc::output() const {
  require(!is_odd() || (kind == ResampleKind::upsample_nearest && input.batch == 1),
          "an odd output of a batch of {}",
          input.batch);
  switch (kind) {
    case ResampleKind::max_pool:
      require(input.batch == 1 || input.height % 2 == 0, "pooling {} odd images", input.batch);
      return {input.batch, input.height / 2, input.width / 2, input.channels};
    case ResampleKind::upsample_nearest:
      return {input.batch,
              2 * input.height + (odd_height ? 1 : 0),
              2 * input.width + (odd_width ? 1 : 0),
              input.channels};
    case ResampleKind::space_to_depth:
      require(input.height % 2 == 0 && input.width % 2 == 0,
              "unshuffling an image of {} x {} pixels",
              input.width,
              input.height);
      return {input.batch, input.height / 2, input.width / 2, 4 * input.channels};
    case ResampleKind::depth_to_space:
      return {input.batch, 2 * input.height, 2 * input.width, input.channels / 4};
  }
  fail(ErrorKind::internal, "an unknown kind of resampling");
}

ResampleDesc pool_of(const Conv2dDesc& desc) {
  return {.kind = ResampleKind::max_pool,
          .input = desc.output(),
          .input_type = desc.output_type,
          .output_type = desc.output_type,
          .input_activation = desc.activation,
          .accumulate = true};
}

}  // namespace limpid
