#include "plugin/evaluation/evaluation.h"

#include "core/base/error.h"
#include "core/image/statistics.h"
#include "core/metrics/psnr.h"
#include "core/metrics/reference_filters.h"
#include "core/metrics/rings.h"
#include "core/metrics/ssim.h"

#include <cmath>
#include <cstddef>

namespace limpid {
namespace {

constexpr double least_signal_to_noise = 0.01;

void require_finite(const Image& image, const std::string& what) {
  const ImageStatistics statistics = measure_statistics(image);
  if (statistics.non_finite_count > 0)
    fail(ErrorKind::input,
         "{}: {} of {} pixels are NaN or infinite",
         what,
         statistics.non_finite_count,
         image.pixel_count());
}

Image fitted(const Image& image, const AffineFit& fit) {
  Image result = image;
  for (float& pixel : result.pixels())
    pixel = static_cast<float>(fit.scale * pixel + fit.offset);
  return result;
}

struct BandPower {
  double truth = 0;
  double difference = 0;  // of the other image and the truth
};

BandPower measure_band_power(const Spectrum& image,
                             const Spectrum& truth,
                             double pixel_size_angstrom) {
  const RingSums sums = measure_ring_sums(image, truth);
  const Rings rings(truth.image_width(), truth.image_height());
  BandPower power;
  for (std::int64_t ring = 0; ring < rings.count(); ++ring) {
    const double frequency = rings.frequency(ring) / pixel_size_angstrom;
    if (frequency < 1 / residual_band.coarse_angstrom ||
        frequency >= 1 / residual_band.fine_angstrom)
      continue;
    const auto k = static_cast<std::size_t>(ring);
    power.truth += sums.power_b[k];
    // |A - B|^2 = |A|^2 + |B|^2 - 2 Re A B*
    power.difference += sums.power_a[k] + sums.power_b[k] - 2 * sums.cross[k];
  }
  return power;
}

}  // namespace

TruthComparison::TruthComparison(const Image& truth, const Image* noisy, double pixel_size_angstrom)
    : truth_(truth),
      pixel_size_angstrom_(pixel_size_angstrom),
      data_range_(limpid::data_range(truth)) {
  if (!(pixel_size_angstrom > 0) || !std::isfinite(pixel_size_angstrom))
    fail(ErrorKind::input, "a pixel size of {} A, expected more than 0", pixel_size_angstrom);
  require_finite(truth, "the truth");
  truth_spectrum_ = centred_transform(truth, Taper::hann);
  if (!noisy) {
    if (!(data_range_ > 0))
      fail(ErrorKind::input,
           "the truth is constant: only the noisy image could tell what a result is worth");
    return;
  }
  require_equal_size(*noisy, truth, "the noisy image and the truth");
  require_finite(*noisy, "the noisy image");
  const Spectrum noisy_spectrum = centred_transform(*noisy, Taper::hann);
  const BandPower power = measure_band_power(noisy_spectrum, truth_spectrum_, pixel_size_angstrom);
  noise_variance_ = measure_joint_moments(*noisy, truth).difference_variance;
  noise_band_power_ = power.difference;
  has_signal_ = data_range_ > 0 && power.truth > least_signal_to_noise * power.difference;
  noisy_correlation_ = ring_correlation_of(noisy_spectrum, truth_spectrum_, pixel_size_angstrom);
}

MethodScore TruthComparison::score(const std::string& method, const Image& image) const {
  require_equal_size(image, truth_, "the denoised image and the truth");
  require_finite(image, "the denoised image");
  MethodScore score;
  score.method = method;
  if (has_signal_)
    score_signal(image, score);
  else
    score_residual(image, score);
  return score;
}

void TruthComparison::score_signal(const Image& image, MethodScore& score) const {
  const PixelMetrics pixels = measure_pixel_metrics(image, truth_, data_range_);
  score.psnr_db = pixels.psnr_db;
  score.fitted_psnr_db = pixels.fitted_psnr_db;
  score.snr_db = pixels.snr_db;
  score.ssim = limpid::ssim(image, truth_, data_range_);
  score.fitted_ssim = limpid::ssim(fitted(image, pixels.fit), truth_, data_range_);
  const ImageStatistics statistics = measure_statistics(image);
  if (statistics.minimum == statistics.maximum)
    return;
  score.correlation = pixels.correlation;
  const RingCorrelation correlation = ring_correlation_of(
      centred_transform(image, Taper::hann), truth_spectrum_, pixel_size_angstrom_);
  score.resolution_angstrom = finest_resolution_angstrom(correlation, 0.5);
  if (!noisy_correlation_)
    return;
  for (std::size_t band = 0; band < resolution_bands.size(); ++band)
    score.band_gain_db[band] =
        band_gain_db(correlation, *noisy_correlation_, resolution_bands[band]);
}

void TruthComparison::score_residual(const Image& image, MethodScore& score) const {
  if (noise_variance_ > 0)
    score.variance_left =
        measure_joint_moments(image, truth_).difference_variance / noise_variance_;
  if (noise_band_power_ > 0)
    score.band_variance_left =
        measure_band_power(
            centred_transform(image, Taper::hann), truth_spectrum_, pixel_size_angstrom_)
            .difference /
        noise_band_power_;
}

TruthScores evaluate_against_truth(const Image* noisy,
                                   const Image& denoised,
                                   const Image& truth,
                                   double pixel_size_angstrom,
                                   const TruthEvaluationOptions& options) {
  const TruthComparison comparison(truth, noisy, pixel_size_angstrom);
  TruthScores scores{.width_px = truth.width(),
                     .height_px = truth.height(),
                     .pixel_size_angstrom = pixel_size_angstrom,
                     .data_range = comparison.data_range(),
                     .has_signal = comparison.has_signal(),
                     .methods = {}};
  std::vector<MethodScore>& methods = scores.methods;
  methods.push_back(comparison.score(denoised_method, denoised));
  if (noisy)
    methods.push_back(comparison.score("noisy", *noisy));
  methods.push_back(comparison.score("constant image", constant_image(truth)));
  const auto add = [&](const std::string& method, const Image& image) {
    methods.push_back(comparison.score(method, image));
    if (options.see_result)
      options.see_result(method, image);
  };
  if (noisy && options.filters) {
    {
      const BestGaussian gaussian = best_gaussian(*noisy, truth);
      add("best Gaussian*", gaussian.image);
      methods.back().gaussian_sigma_angstrom = gaussian.sigma_px * pixel_size_angstrom;
    }
    add("radial Wiener*", radial_wiener(*noisy, truth));
  }
  for (const auto& [method, image] : options.others)
    add(method, *image);
  return scores;
}

}  // namespace limpid
