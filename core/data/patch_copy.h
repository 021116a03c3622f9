#pragma once

#include "core/image/image.h"

#include <cstdint>

namespace limpid {

// Cuts a patch out of an image, mirrored and transposed as `orientation` says (see PatchChoice).
void copy_patch(const Image& image,
                std::int64_t x,
                std::int64_t y,
                int orientation,
                std::int64_t patch_size_px,
                float* patch);

}  // namespace limpid
