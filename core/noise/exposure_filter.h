#pragma once

namespace limpid {

// What radiation leaves of a structure (Grant and Grigorieff 2015, doi:10.7554/eLife.06980), at
// 300 kV. Frequencies in 1/A, doses in e/A^2.

// The dose after which a frequency has 1/e of its power: N(f) = 0.245 f^-1.665 + 2.81 (equation 3).
double critical_exposure(double frequency);

// The power of white noise in a plain sum of frames weighted by exp(-dose / (2 N(f))), relative to
// the sum without weights, for many frames up to `dose`: N / dose (1 - exp(-dose / N)). Sums that
// are divided by the root of the summed squares of the weights (equation 9) keep white noise white.
double weighted_noise_power(double frequency, double dose);

}  // namespace limpid
