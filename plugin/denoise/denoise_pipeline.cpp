#include "plugin/denoise/denoise_pipeline.h"

#include "core/backend/host/host_memory.h"
#include "core/backend/registry.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/phase_log.h"
#include "core/io/micrograph_file.h"
#include "plugin/machine/processors.h"
#include "plugin/trust/trust_window.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace limpid {
namespace {

// Share of the free memory that a run takes without being told.
constexpr double memory_share = 0.5;

// Ends the threads before what they use goes, whatever happens.
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

DenoisePipeline::DenoisePipeline(std::vector<std::unique_ptr<Backend>> backends,
                                 const Model& model,
                                 const DenoiseJob& job,
                                 const OutputFolder& output)
    : backends_(std::move(backends)),
      model_(model),
      job_(job),
      output_(output),
      notes_(model.description, job.resample) {
  if (!job.coordinates.empty())
    picks_ = PickList::read(job.coordinates);
}

void DenoisePipeline::run(const NextDenoiseItem& next,
                          const Progress& progress,
                          const std::function<void(const DenoisedItem&)>& finished) {
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<bool> is_closing{false};
  NumberedItems items(next, [&] { return is_closing || progress.stop_requested(); });
  const DenoiseItem* const first = items.look();
  if (first == nullptr)
    return;
  const auto description = describe(*first);
  const WorkerPlan plan = plan_for(description);
  auto processors = make_processors(progress, plan);
  std::future<void> noise;
  if (description && is_gpu(*backends_.front()))  // meanwhile
    noise = std::async(std::launch::async, [&] {
      noises_.of(std::min(description->width, largest_trust_window_px),
                 std::min(description->height, largest_trust_window_px),
                 job_.run.seed);
    });
  if (description)
    for (const auto& processor : processors)
      if (processor->is_gpu())
        processor->warm_up(description->width,
                           description->height,
                           first->entry.pixel_size_angstrom ? first->entry.pixel_size_angstrom
                                                            : description->pixel_size_angstrom);
  std::atomic<std::size_t> working{processors.size() * static_cast<std::size_t>(plan.worker_count)};
  Outcomes outcomes;
  {
    Threads threads([&] {
      is_closing = true;
      outcomes.close();
    });
    for (const auto& processor : processors)
      for (std::int64_t i = 0; i < plan.worker_count; ++i)
        threads.add([&] {
          MicrographWorker worker({.model = model_,
                                   .job = job_,
                                   .output = output_,
                                   .picks = picks_ ? &*picks_ : nullptr,
                                   .progress = progress,
                                   .notes = notes_,
                                   .noises = noises_,
                                   .halves = halves_,
                                   .times = times_},
                                  *processor);
          work(worker, *processor, items, outcomes);
          if (--working == 0)
            outcomes.put(items.count(), {.item = {}, .error = {}, .is_end = true});
        });
    for (std::int64_t number = 0;; ++number) {
      const std::optional<Outcome> outcome = outcomes.take(number);
      if (!outcome || outcome->is_end)
        break;
      if (outcome->error)
        std::rethrow_exception(outcome->error);
      if (outcome->item)
        finished(*outcome->item);
    }
    log_phase("last micrograph written");
  }
  log_phase("workers ended");
  release(std::move(processors));
  log_times(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}

// Gigabytes of page-locked memory, and what the driver has: the caller need not wait.
void DenoisePipeline::release(std::vector<std::unique_ptr<DenoiseProcessor>> processors) {
  releasing_ =
      std::async(std::launch::async,
                 [used = std::move(processors), backends = std::move(backends_)]() mutable {
                   const bool were_gpus = is_gpu(*backends.front());
                   used.clear();
                   backends.clear();
                   if (were_gpus)
                     release_gpus();
                   log_phase("processors released");
                 });
}

std::vector<std::unique_ptr<DenoiseProcessor>> DenoisePipeline::make_processors(
    const Progress& progress, const WorkerPlan& plan) const {
  std::vector<std::unique_ptr<DenoiseProcessor>> processors;
  for (const auto& backend : backends_)
    processors.push_back(std::make_unique<DenoiseProcessor>(
        *backend,
        job_.run.threads,
        model_,
        DenoiserOptions{.memory_bytes = activation_limit_bytes(*backend, job_.run),
                        .average_orientations = job_.average_orientations,
                        .stop_requested = [&progress] { return progress.stop_requested(); },
                        .staging_count = plan.staging_count},
        MicrographDenoiserOptions{
            .resample = job_.resample,
            .keep_high_resolution_angstrom = job_.keep_high_resolution_angstrom},
        job_.match_noise));
  return processors;
}

std::int64_t DenoisePipeline::images_per_worker() const {
  std::int64_t count = 1;
  if (job_.match_noise)  // in Fourier space, where a micrograph turns out to be weighted
    count += 1;
  if (job_.combine_halves)
    count += 2;
  if (picks_)  // the raw micrograph, to see what was removed from it
    count += 1;
  return count;
}

std::optional<MicrographDescription> DenoisePipeline::describe(const DenoiseItem& item) const {
  try {
    return describe_micrograph(item.entry.path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// For all micrographs of the run: they are of one size, as a rule.
WorkerPlan DenoisePipeline::plan_for(const std::optional<MicrographDescription>& first) const {
  const std::size_t share = backends_.size();
  WorkerLimits limits{.is_gpu = is_gpu(*backends_.front())};
  limits.images_per_worker = images_per_worker();
  limits.threads = std::max(1, thread_count() / static_cast<int>(share));
  limits.memory_bytes = (job_.run.memory_bytes > 0
                             ? job_.run.memory_bytes
                             : static_cast<std::size_t>(
                                   memory_share * static_cast<double>(free_host_memory_bytes()))) /
                        share;
  if (first) {
    limits.image_bytes = static_cast<std::size_t>(first->width * first->height) * sizeof(float);
    limits.reading_bytes = first->reading_bytes;
  } else {
    limits.image_bytes = limits.memory_bytes / 8;  // others may be better
  }
  return plan_workers(limits);
}

void DenoisePipeline::work(MicrographWorker& worker,
                           const DenoiseProcessor& processor,
                           NumberedItems& items,
                           Outcomes& outcomes) const {
  set_thread_count(job_.run.threads);
  const int all_threads = thread_count();
  for (;;) {
    std::optional<NumberedItems::Numbered> numbered;
    try {
      numbered = items.take();
    } catch (...) {
      // There is no item to blame: behind all those that were given.
      outcomes.put(items.count(), {.item = {}, .error = std::current_exception()});
      return;
    }
    if (!numbered)
      return;
    // The first micrograph, and the last, have the host for themselves.
    const int busy = ++busy_workers_;
    if (processor.is_gpu())
      set_thread_count(std::max(1, all_threads / busy));
    const std::int64_t number = numbered->number;
    outcomes.put(number, outcome_of(worker, std::move(*numbered)));
    --busy_workers_;
  }
}

DenoisePipeline::Outcome DenoisePipeline::outcome_of(MicrographWorker& worker,
                                                     NumberedItems::Numbered numbered) {
  try {
    return {.item = worker.process(std::move(numbered.item), numbered.number), .error = {}};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted)
      return {};
    return {.item = {}, .error = std::current_exception()};
  } catch (...) {
    return {.item = {}, .error = std::current_exception()};
  }
}

void DenoisePipeline::log_times(double elapsed_seconds) const {
  const auto seconds = [&](DenoiseStage stage) { return times_.seconds(stage); };
  log_debug(
      "{:.2f} s; threads of the host together: read {:.2f} s, denoise {:.2f} s, measure {:.2f} s, "
      "write {:.2f} s; network {:.2f} s",
      elapsed_seconds,
      seconds(DenoiseStage::read),
      seconds(DenoiseStage::denoise),
      seconds(DenoiseStage::measure),
      seconds(DenoiseStage::write),
      seconds(DenoiseStage::network));
}

}  // namespace limpid
