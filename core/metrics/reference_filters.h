#pragma once

#include "core/image/image.h"

#include <vector>

// Filters that every table of results needs beside the network: what a filter that is the same at
// every place and in every direction can do. Those that look at the truth are upper bounds of their
// kind, not methods.
namespace limpid {

// The Gaussian filter whose result, after the best linear grey-scale map, has the least mean
// squared difference from the truth; sigma between 0.4 and 60 px, found to 2 % by golden-section
// search on log(sigma). The image is continued by 32 reflected pixels and filtered in Fourier
// space. Throws Error(input) when the sizes differ.
struct BestGaussian {
  Image image;
  double sigma_px = 0;
};

BestGaussian best_gaussian(const Image& noisy, const Image& truth);

// The Wiener filter from the true spectra. With X and C the transforms of noisy image and truth,
// each minus its mean, and sums over rings (rings.h):
//   gain_k = max(0, sum Re X C* / sum |X|^2),
// the least-squares optimum among gains that depend on the ring alone. The result has the mean of
// the truth. Throws Error(input) when the sizes differ.
Image radial_wiener(const Image& noisy, const Image& truth);

// The Wiener gain for the sum or the mean of two halves with independent noise, without a truth.
// With E and O their transforms under a Hann taper, S = sum Re E O* estimates the signal power that
// both share:
//   gain_k = 4 S / (sum |E|^2 + sum |O|^2 + 2 S) for S > 0, else 0,
// all sums smoothed over neighbouring rings (Gaussian, sigma 2 rings). One gain for each ring, ring
// n included. Throws Error(input) when the sizes differ.
std::vector<double> wiener_gain_from_halves(const Image& even, const Image& odd);

// Sigma of such a filter without a truth, in pixels: it makes the mean squared difference between a
// filtered half and the other raw half least, which exceeds the true error by a constant when the
// noises are independent. Throws Error(input) when the sizes differ.
double best_gaussian_sigma_px(const Image& even, const Image& odd);

// A Gaussian filter as above, of given sigma.
Image gaussian_filter(const Image& image, double sigma_px);

// Multiplies the Fourier transform by a gain for each ring; the mean stays.
Image filter_rings(const Image& image, const std::vector<double>& gain);

// The mean of the truth everywhere: what a method that removes everything scores.
Image constant_image(const Image& truth);

}  // namespace limpid
