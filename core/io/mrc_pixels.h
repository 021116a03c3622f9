#pragma once

#include "core/io/mrc_header.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace limpid {

// Turns stored rows of `width` pixels into float32; the values are taken as they are, NaN and
// infinity included. `stored` holds row_bytes() of the header for each row.
void decode_mrc_rows(const MrcHeader& header,
                     std::span<const std::byte> stored,
                     std::span<float> pixels);

// Turns a row of pixels into its little-endian stored form. Values are rounded to nearest (ties to
// even) and clamped to the range of the mode; `as_stored` receives the values a reader will get.
// Returns how many were clamped. NaN must not occur in integer modes; MrcMode::uint4 is not
// written.
std::int64_t encode_mrc_row(MrcMode mode,
                            std::span<const float> pixels,
                            std::span<std::byte> stored,
                            std::span<float> as_stored);

}  // namespace limpid
