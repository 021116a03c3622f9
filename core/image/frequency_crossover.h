#pragma once

#include "core/image/image.h"

namespace limpid {

// From this part of the crossover frequency on the weight passes from one image to the other.
inline constexpr double crossover_begin = 0.9;
inline constexpr double crossover_end = 1.1;

// The weight of the image for high frequencies at `frequency`: 0 below crossover_begin * crossover,
// 1 above crossover_end * crossover, a raised cosine between them.
double crossover_weight(double frequency, double crossover);

// Replaces frequencies of `image` beyond `crossover`, in cycles per pixel, by those of `high`. What
// both images share stays as it is, the mean too.
void take_high_frequencies(Image& image, const Image& high, double crossover);

}  // namespace limpid
