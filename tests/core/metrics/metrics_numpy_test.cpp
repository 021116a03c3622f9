#include "core/metrics/psnr.h"
#include "core/metrics/reference_filters.h"
#include "core/metrics/ring_correlation.h"
#include "core/metrics/ssim.h"
#include "tests/core/metrics/test_images.h"
#include "tests/support/catch.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

using namespace limpid;

namespace {

// A folder that goes away with its content.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("limpid_metrics_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void write_raw(const Image& image, const std::string& path) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(image.pixels().data()),
               static_cast<std::streamsize>(image.pixels().size_bytes()));
  REQUIRE(stream.good());
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::string output;
  char buffer[256];
  while (fgets(buffer, sizeof buffer, pipe.get()) != nullptr)
    output += buffer;
  return output;
}

std::map<std::string, double> parse(const std::string& text) {
  std::map<std::string, double> values;
  std::istringstream lines(text);
  std::string name;
  double value = 0;
  while (lines >> name >> value)
    values[name] = value;
  return values;
}

}  // namespace

TEST_CASE("metrics: numpy and scipy compute the same numbers") {
  const std::int64_t width = 171, height = 140;
  const double pixel_size_angstrom = 1.7;
  // Some power at all frequencies: where the truth has none its FRC is a matter of rounding.
  const Image truth =
      sum_of(linear_map(blob_image(width, height, 7), 3, 50), noise_image(width, height, 0.3, 9));
  const Image noisy = sum_of(linear_map(truth, 1.1, -2), noise_image(width, height, 4, 8));
  const TemporaryFolder folder;
  write_raw(noisy, folder.file("noisy.raw"));
  write_raw(truth, folder.file("truth.raw"));
  const std::string output = output_of(
      std::string("'" LIMPID_PYTHON "' '" LIMPID_METRICS_SCRIPT "' '") + folder.file("noisy.raw") +
      "' '" + folder.file("truth.raw") + "' " + std::to_string(width) + " " +
      std::to_string(height) + " " + std::to_string(pixel_size_angstrom));
  const bool has_python = std::filesystem::exists(LIMPID_PYTHON);
  if (!has_python || output.find("missing numpy") != std::string::npos) {
    std::cout << "SKIPPED: numpy is not installed\n";
    return;
  }
  std::map<std::string, double> expected = parse(output);
  REQUIRE(expected.count("frc64") == 1);

  // Sums in double on both sides: what differs is their order.
  const double range = data_range(truth);
  const PixelMetrics pixels = measure_pixel_metrics(noisy, truth, range);
  CHECK(pixels.psnr_db == Approx(expected["psnr"]).epsilon(1e-9));
  CHECK(pixels.fit.scale == Approx(expected["fitted_scale"]).epsilon(1e-9));
  CHECK(pixels.fit.offset == Approx(expected["fitted_offset"]).epsilon(1e-9));
  CHECK(pixels.fitted_psnr_db == Approx(expected["fitted_psnr"]).epsilon(1e-9));
  CHECK(pixels.snr_db == Approx(expected["snr"]).epsilon(1e-9));
  CHECK(pixels.correlation == Approx(expected["correlation"]).epsilon(1e-9));
  CHECK(ssim(noisy, truth, range) == Approx(expected["ssim"]).epsilon(1e-9));

  // Transforms are float32 here and float64 there.
  const RingCorrelation curve = measure_ring_correlation(noisy, truth, pixel_size_angstrom);
  for (std::size_t k = 1; k < curve.correlation.size(); k += 7)
    CHECK(curve.correlation[k] == Approx(expected["frc" + std::to_string(k)]).margin(1e-5));
  CHECK(*band_average(curve, {15, 8}) == Approx(expected["band"]).margin(1e-5));
  const double wiener_mse =
      measure_joint_moments(radial_wiener(noisy, truth), truth).mean_squared_difference();
  CHECK(wiener_mse == Approx(expected["wiener_mse"]).epsilon(1e-5));
  // There the best of a grid of sigmas 4 % apart, here the end of a search.
  const double correlation =
      measure_joint_moments(best_gaussian(noisy, truth).image, truth).correlation();
  CHECK(correlation == Approx(expected["best_gaussian_correlation"]).epsilon(1e-4));
}
