#pragma once

#include "core/image/image.h"

namespace limpid {

// Mean structural similarity of an image d and the truth x (Wang et al. 2004, "Image quality
// assessment: from error visibility to structural similarity"):
//   (2 m_d m_x + C1) (2 s_dx + C2) / [(m_d^2 + m_x^2 + C1) (s_d^2 + s_x^2 + C2)],
// C1 = (0.01 L)^2, C2 = (0.03 L)^2, L = data_range, with means m, variances s^2 and covariance s_dx
// under a Gaussian window of sigma 1.5 px cut to 11 x 11 px.
//
// The first factor compares mean grey values with their distance from zero, but the zero of an
// electron micrograph means nothing. So both images are shifted together until the mean of the
// truth is L / 2, as if the truth filled the range from 0 to L. Adding the same constant to both
// images changes nothing; an offset of one of them counts.
//
// The mean is over the pixels whose window lies inside the image. Along a side of 10 px or less
// there are none: there all pixels count, the image being continued by reflection (d c b a | a b c
// d). Memory beyond the two images is a few rows a thread.
// Throws Error(input) when the sizes differ or the data range is not above 0.
double ssim(const Image& image, const Image& truth, double data_range);

}  // namespace limpid
