#pragma once

#include "core/image/image.h"

#include <cstdint>

// Images that several tests of metrics use.

// Independent normal pixels.
limpid::Image noise_image(std::int64_t width,
                          std::int64_t height,
                          double sigma,
                          std::uint64_t stream);

// A smooth random pattern of standard deviation about 1: blobs a few pixels wide.
limpid::Image blob_image(std::int64_t width, std::int64_t height, std::uint64_t stream);

limpid::Image sum_of(const limpid::Image& a, const limpid::Image& b);
limpid::Image linear_map(const limpid::Image& image, double factor, double offset);
