#include "plugin/denoise/denoise_pipeline.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/image/intensity.h"
#include "limpid_version.h"
#include "plugin/processors.h"
#include "plugin/trust/trust_numbers.h"
#include "plugin/trust/trust_window.h"

#include <atomic>
#include <cmath>
#include <exception>
#include <thread>
#include <utility>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

// Runs one stage for one micrograph. What concerns that micrograph alone is recorded as its
// failure; what ends the run (device, disk) is passed on.
template <class Stage>
void attempt(ItemResult& result, const char* doing, const Stage& stage) {
  if (result.state == ItemState::failed)
    return;
  try {
    with_context(fmt::format("{} '{}'", doing, result.name), stage);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::internal)
      throw;
    result.state = ItemState::failed;
    result.reason = error.what();
  }
}

// Ends the threads before the queues go, whatever happens.
class Threads {
 public:
  explicit Threads(std::function<void()> close) : close_(std::move(close)) {}
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() {
    close_();
    for (std::thread& thread : threads_)
      thread.join();
  }
  void add(std::function<void()> body) { threads_.emplace_back(std::move(body)); }

 private:
  std::function<void()> close_;
  std::vector<std::thread> threads_;
};

}  // namespace

DenoisePipeline::DenoisePipeline(const std::vector<std::unique_ptr<Backend>>& backends,
                                 const Model& model,
                                 const DenoiseJob& job,
                                 const OutputFolder& output)
    : backends_(backends),
      model_(model),
      job_(job),
      output_(output),
      notes_(model.description, job.resample) {}

void DenoisePipeline::run(const NextDenoiseItem& next,
                          const Progress& progress,
                          const std::function<void(const DenoisedItem&)>& finished) {
  WorkQueue raw(backends_.size());
  WorkQueue denoised(backends_.size());
  std::atomic<std::size_t> working{backends_.size()};
  std::atomic<bool> is_closing{false};
  const auto is_over = [&] { return is_closing || progress.stop_requested(); };
  Threads threads([&] {
    is_closing = true;
    raw.close();
    denoised.close();
  });
  threads.add([&] {
    try {
      set_thread_count(job_.run.threads);
      read(next, is_over, raw);
      raw.close();
    } catch (...) {
      raw.close_with_error(std::current_exception());
    }
  });
  for (const auto& backend : backends_)
    threads.add([&] {
      try {
        set_thread_count(job_.run.threads);
        denoise(*backend, progress, raw, denoised);
        if (--working == 0)
          denoised.close();
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::interrupted)
          denoised.close_with_error(std::current_exception());
        else if (--working == 0)
          denoised.close();  // what is denoised is still written
      } catch (...) {
        denoised.close_with_error(std::current_exception());
      }
    });
  while (auto work = denoised.pop()) {
    write(**work);
    finished((*work)->outcome);
  }
}

void DenoisePipeline::read(const NextDenoiseItem& next,
                           const std::function<bool()>& is_over,
                           WorkQueue& raw) const {
  while (!is_over()) {
    std::optional<DenoiseItem> item = next(is_over);
    if (!item)
      return;
    auto work = std::make_unique<Work>();
    work->begin = Clock::now();
    work->outcome.item = std::move(*item);
    work->outcome.result.name = work->outcome.item.entry.name;
    attempt(work->outcome.result, "denoising", [&] {
      read_micrograph(work->outcome.item.entry.path, work->micrograph);
      read_windows(*work);
    });
    if (!raw.push(std::move(work)))
      return;
  }
}

void DenoisePipeline::denoise(Backend& backend,
                              const Progress& progress,
                              WorkQueue& raw,
                              WorkQueue& denoised) const {
  const DenoiserOptions options{
      .memory_bytes = memory_limit_bytes(backend, job_.run),
      .average_orientations = job_.average_orientations,
      .stop_requested = [&progress] { return progress.stop_requested(); }};
  const MicrographDenoiserOptions treatment{
      .resample = job_.resample,
      .keep_high_resolution_angstrom = job_.keep_high_resolution_angstrom};
  MicrographDenoiser denoiser(backend, model_, options, treatment);
  // Of its own, because it is made for images of another size.
  MicrographDenoiser window_denoiser(backend, model_, options, treatment);
  while (auto next = raw.pop()) {
    if (progress.stop_requested())
      return;
    Work& work = **next;
    ItemResult& result = work.outcome.result;
    attempt(result, "denoising", [&] {
      const std::optional<double> pixel_size = work.pixel_size_angstrom();
      const auto [report, working_pixel_size] =
          denoiser.denoise(work.micrograph.pixels, pixel_size);
      notes_.say(result.name, pixel_size, working_pixel_size);
      if (report.repaired_count > 0)
        log_warning("'{}': {} pixels are not finite and were replaced by their surroundings",
                    result.name,
                    report.repaired_count);
      work.outcome.pixel_count = work.micrograph.pixels.pixel_count();
      result.numbers = {{"input_mean", report.scale.mean},
                        {"input_sigma", report.scale.sigma},
                        {"repaired_pixels", static_cast<double>(report.repaired_count)},
                        {"tiles", static_cast<double>(report.tile_count)}};
      if (working_pixel_size)
        result.numbers["working_pixel_size_angstrom"] = *working_pixel_size;
      measure_quality(work, window_denoiser);
    });
    if (!denoised.push(std::move(*next)))
      return;
  }
}

// Halves that cannot be read cost the numbers that need them, not the micrograph.
void DenoisePipeline::read_windows(Work& work) const {
  const Image& pixels = work.micrograph.pixels;
  work.raw_window = trust_window(pixels);
  const MicrographEntry& entry = work.outcome.item.entry;
  if (!job_.use_halves || entry.even_path.empty() || entry.odd_path.empty())
    return;
  try {
    work.even_window = read_trust_window(entry.even_path, pixels.width(), pixels.height());
    work.odd_window = read_trust_window(entry.odd_path, pixels.width(), pixels.height());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("'{}': its halves are not used: {}", entry.name, error.what());
    work.even_window = Image();
    work.odd_window = Image();
  }
}

void DenoisePipeline::measure_quality(Work& work, MicrographDenoiser& denoiser) const {
  const MicrographEntry& entry = work.outcome.item.entry;
  const bool has_halves = !work.odd_window.empty();
  const std::optional<double> pixel_size = work.pixel_size_angstrom();
  try {
    repair_non_finite(work.raw_window);
    work.outcome.result.numbers.merge(as_map(
        measure_trust({.raw = work.raw_window,
                       .denoised = trust_window(work.micrograph.pixels),
                       .whole = &work.micrograph.pixels,
                       .even = has_halves ? &work.even_window : nullptr,
                       .odd = has_halves ? &work.odd_window : nullptr,
                       .pixel_size_angstrom = pixel_size.value_or(1.0),
                       .seed = job_.run.seed,
                       .denoise = [&](Image& image) { denoiser.denoise(image, pixel_size); }})));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("'{}': its quality cannot be measured: {}", entry.name, error.what());
  }
}

MrcWriteOptions DenoisePipeline::write_options(const Work& work) const {
  const auto& from_list = work.outcome.item.entry.pixel_size_angstrom;
  const auto& from_file = work.micrograph.pixel_size_angstrom;
  if (from_list && from_file && std::abs(*from_list / *from_file - 1) > 0.01)
    log_warning("'{}': pixels of {:.4f} A in the list and of {:.4f} A in the file; the file's stay",
                work.outcome.result.name,
                *from_list,
                *from_file);
  return {
      .mode = job_.float16 ? MrcMode::float16 : MrcMode::float32,
      .pixel_size_angstrom = from_file ? from_file : from_list,
      .metadata = work.micrograph.metadata,
      .label = fmt::format("limpid {} denoise model={}", LIMPID_VERSION, model_.hash.substr(0, 8))};
}

void DenoisePipeline::write(Work& work) const {
  ItemResult& result = work.outcome.result;
  attempt(result, "denoising", [&] {
    const MrcWriteResult written = write_mrc(output_.place(work.outcome.item.entry.output_name),
                                             work.micrograph.pixels,
                                             write_options(work));
    work.outcome.size_bytes = written.size_bytes;
    if (written.clamped_count > 0)
      log_warning("'{}': {} pixels are beyond the range of float16 and were clamped",
                  result.name,
                  written.clamped_count);
  });
  result.seconds = std::chrono::duration<double>(Clock::now() - work.begin).count();
}

}  // namespace limpid
