#include "plugin/denoise/micrograph_worker.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/phase_log.h"
#include "core/image/intensity.h"
#include "limpid_version.h"
#include "plugin/denoise/half_combination.h"
#include "plugin/trust/pick_places.h"
#include "plugin/trust/trust_numbers.h"
#include "plugin/trust/trust_window.h"

#include <chrono>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

// Runs a stage. What concerns this micrograph alone is recorded as its failure; what ends the run
// (device, disk) is passed on.
template <class Stage>
void attempt(ItemResult& result, const Stage& stage) {
  if (result.state == ItemState::failed)
    return;
  try {
    with_context(fmt::format("denoising '{}'", result.name), stage);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::internal)
      throw;
    result.state = ItemState::failed;
    result.reason = error.what();
  }
}

void read_half(const std::string& path, const Image& micrograph, Micrograph& half) {
  read_micrograph(path, half);
  if (half.pixels.width() != micrograph.width() || half.pixels.height() != micrograph.height())
    fail(ErrorKind::input,
         "'{}' has {} x {} pixels, its micrograph {} x {}",
         path,
         half.pixels.width(),
         half.pixels.height(),
         micrograph.width(),
         micrograph.height());
}

}  // namespace

DenoisedItem MicrographWorker::process(DenoiseItem item, std::int64_t number) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  outcome_ = DenoisedItem();
  outcome_.item = std::move(item);
  ItemResult& result = outcome_.result;
  result.name = outcome_.item.entry.name;
  const auto phase = [&](const char* what) {
    if (number == 0)
      log_phase(what);
  };
  {
    std::optional<Turns::Turn> turn;
    if (!processor_.is_gpu())
      turn.emplace(processor_.turns(), number);
    attempt(result, [&] { read(); });
    phase("first micrograph read");
    if (context_.progress.stop_requested())
      fail(ErrorKind::interrupted, "stopped as asked");
    const auto denoise_and_measure = [&] {
      attempt(result, [&] {
        denoise();
        phase("first micrograph denoised");
        measure_quality();
        phase("first micrograph measured");
      });
    };
    if (processor_.is_gpu())
      denoise_and_measure();
    else {
      turn->wait();  // whoever has read first would else be first
      processor_.thread().run(denoise_and_measure);
    }
  }
  attempt(result, [&] { write(); });
  phase("first micrograph written");
  if (result.state == ItemState::done && !odd_window_.empty())
    context_.times.measure(DenoiseStage::measure, [&] {
      context_.halves.add(number, {even_window_, odd_window_}, pixel_size_angstrom().value_or(1.0));
    });
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return std::move(outcome_);
}

// The list knows better: headers are often left at 1 A or at that of the camera.
std::optional<double> MicrographWorker::pixel_size_angstrom() const {
  const auto& from_list = outcome_.item.entry.pixel_size_angstrom;
  return from_list ? from_list : micrograph_.pixel_size_angstrom;
}

void MicrographWorker::read() {
  context_.times.measure(DenoiseStage::read, [&] {
    statistics_ = read_and_measure_micrograph(outcome_.item.entry.path, micrograph_);
    read_windows();
    read_halves();
    if (picks() != nullptr)
      raw_ = micrograph_.pixels;
  });
}

const std::vector<PickPosition>* MicrographWorker::picks() const {
  if (context_.picks == nullptr || !pixel_size_angstrom())
    return nullptr;
  const std::vector<PickPosition>& picks = context_.picks->of(outcome_.result.name);
  return picks.empty() ? nullptr : &picks;
}

// Without both halves the micrograph itself is denoised.
void MicrographWorker::read_halves() {
  has_halves_ = false;
  const MicrographEntry& entry = outcome_.item.entry;
  if (!context_.job.combine_halves || entry.even_path.empty() || entry.odd_path.empty())
    return;
  try {
    read_half(entry.even_path, micrograph_.pixels, even_);
    read_half(entry.odd_path, micrograph_.pixels, odd_);
    has_halves_ = true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("'{}': denoised itself and not by its halves: {}", entry.name, error.what());
  }
}

// Halves that cannot be read cost the numbers that need them, not the micrograph.
void MicrographWorker::read_windows() {
  const Image& pixels = micrograph_.pixels;
  raw_window_ = trust_window(pixels);
  even_window_ = Image();
  odd_window_ = Image();
  const MicrographEntry& entry = outcome_.item.entry;
  if (!context_.job.use_halves || entry.even_path.empty() || entry.odd_path.empty())
    return;
  try {
    even_window_ = read_trust_window(entry.even_path, pixels.width(), pixels.height());
    odd_window_ = read_trust_window(entry.odd_path, pixels.width(), pixels.height());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("'{}': its halves are not used: {}", entry.name, error.what());
    even_window_ = Image();
    odd_window_ = Image();
  }
}

void MicrographWorker::denoise() {
  ItemResult& result = outcome_.result;
  const std::optional<double> pixel_size = pixel_size_angstrom();
  NoiseMatchedDenoiser::Report report;
  context_.times.measure(DenoiseStage::denoise, [&] {
    report = has_halves_
                 ? denoise_halves()
                 : processor_.micrographs().denoise(micrograph_.pixels, pixel_size, &*statistics_);
  });
  weighting_dose_ = report.weighting_dose;
  context_.times.add(DenoiseStage::network, report.denoiser.network.seconds);
  context_.notes.say(result.name, pixel_size, report.working_pixel_size_angstrom);
  if (report.denoiser.repaired_count > 0)
    log_warning("'{}': {} pixels are not finite and were replaced by their surroundings",
                result.name,
                report.denoiser.repaired_count);
  outcome_.pixel_count = micrograph_.pixels.pixel_count();
  result.numbers = {{"input_mean", report.denoiser.scale.mean},
                    {"input_sigma", report.denoiser.scale.sigma},
                    {"repaired_pixels", static_cast<double>(report.denoiser.repaired_count)},
                    {"tiles", static_cast<double>(report.denoiser.network.tile_count)}};
  if (report.working_pixel_size_angstrom)
    result.numbers["working_pixel_size_angstrom"] = *report.working_pixel_size_angstrom;
  if (report.weighting_dose)
    result.numbers["matched_dose_e_per_square_angstrom"] = *report.weighting_dose;
  if (has_halves_)
    result.numbers["combined_halves"] = 1;
}

// Says of the even half what it says of a micrograph, but for the repaired pixels and the time.
NoiseMatchedDenoiser::Report MicrographWorker::denoise_halves() {
  NoiseMatchedDenoiser& denoiser = processor_.micrographs();
  const std::optional<double> pixel_size = pixel_size_angstrom();
  NoiseMatchedDenoiser::Report report = denoiser.denoise(even_.pixels, pixel_size);
  const Denoiser::Report odd = denoiser.denoise(odd_.pixels, pixel_size).denoiser;
  report.denoiser.repaired_count += odd.repaired_count + repair_non_finite(micrograph_.pixels);
  report.denoiser.network.seconds += odd.network.seconds;
  combine_halves(even_.pixels, odd_.pixels, micrograph_.pixels);
  return report;
}

void MicrographWorker::measure_quality() {
  const MicrographEntry& entry = outcome_.item.entry;
  const bool has_halves = !odd_window_.empty();
  const std::optional<double> pixel_size = pixel_size_angstrom();
  NoiseMatchedDenoiser& denoiser = processor_.windows();
  try {
    context_.times.measure(DenoiseStage::measure, [&] {
      repair_non_finite(raw_window_);
      outcome_.result.numbers.merge(
          as_map(measure_trust({.raw = raw_window_,
                                .denoised = trust_window(micrograph_.pixels),
                                .whole = &micrograph_.pixels,
                                .even = has_halves ? &even_window_ : nullptr,
                                .odd = has_halves ? &odd_window_ : nullptr,
                                .pixel_size_angstrom = pixel_size.value_or(1.0),
                                .seed = context_.job.run.seed,
                                .noises = &context_.noises,
                                .denoise = [&](Image& image) {
                                  denoiser.denoise_weighted(image, pixel_size, weighting_dose_);
                                }})));
      measure_removed_particles();
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("'{}': its quality cannot be measured: {}", entry.name, error.what());
  }
}

void MicrographWorker::measure_removed_particles() {
  const std::vector<PickPosition>* const positions = picks();
  if (positions == nullptr)
    return;
  repair_non_finite(raw_);
  const PickPlaces places = choose_pick_places(*positions,
                                               raw_,
                                               context_.job.particle_diameter_angstrom,
                                               *pixel_size_angstrom(),
                                               context_.job.run.seed);
  if (places.picked.empty())
    return;
  const PickResidual residual = measure_pick_residual(
      raw_, micrograph_.pixels, places.picked, places.random, places.window_px);
  auto& numbers = outcome_.result.numbers;
  numbers["residual_at_picks_sigmas"] = residual.sigmas;
  if (std::isfinite(residual.fraction))
    numbers["residual_at_picks_fraction"] = residual.fraction;
}

MrcWriteOptions MicrographWorker::write_options() const {
  const auto& from_list = outcome_.item.entry.pixel_size_angstrom;
  const auto& from_file = micrograph_.pixel_size_angstrom;
  if (from_list && from_file && std::abs(*from_list / *from_file - 1) > 0.01)
    log_warning("'{}': pixels of {:.4f} A in the list and of {:.4f} A in the file; the file's stay",
                outcome_.result.name,
                *from_list,
                *from_file);
  return {.mode = context_.job.float16 ? MrcMode::float16 : MrcMode::float32,
          .pixel_size_angstrom = from_file ? from_file : from_list,
          .metadata = micrograph_.metadata,
          .label = fmt::format(
              "limpid {} denoise model={}", LIMPID_VERSION, context_.model.hash.substr(0, 8))};
}

void MicrographWorker::write() {
  context_.times.measure(DenoiseStage::write, [&] {
    const MrcWriteResult written = write_mrc(context_.output.place(outcome_.item.entry.output_name),
                                             micrograph_.pixels,
                                             write_options());
    outcome_.size_bytes = written.size_bytes;
    if (written.clamped_count > 0)
      log_warning("'{}': {} pixels are beyond the range of float16 and were clamped",
                  outcome_.result.name,
                  written.clamped_count);
  });
}

}  // namespace limpid
