#pragma once

#include "core/io/tiff.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace limpid {

// The type of so many bits in the TIFF sample format `format`; nothing if it is not read.
std::optional<TiffPixelType> tiff_pixel_type(std::uint16_t bits, std::uint16_t format);

std::size_t tiff_sample_bytes(TiffPixelType type);

// Samples in the byte order of the processor to as many pixels, rounded to float32.
void tiff_samples_to_float(TiffPixelType type,
                           std::span<const std::byte> samples,
                           std::span<float> pixels);

}  // namespace limpid
