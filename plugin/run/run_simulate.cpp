#include "plugin/run/run_simulate.h"

#include "core/backend/host/host_memory.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/simulate/diversity.h"
#include "plugin/simulated_project/project_folder.h"
#include "plugin/simulated_project/project_lists.h"
#include "plugin/simulated_project/project_physics.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace limpid {
namespace {

// How many micrographs may be in the making at once.
std::int64_t affordable_workers(const SimulateJob& job) {
  const std::size_t bytes = simulation_bytes(diversity_of_size(job.width_px, job.height_px));
  const std::size_t budget =
      job.run.memory_bytes > 0 ? job.run.memory_bytes : free_host_memory_bytes() / 4;
  return static_cast<std::int64_t>(budget / bytes);
}

// One run: looks what is there, makes what is missing, lists what there is now.
class Simulation {
 public:
  Simulation(const SimulateJob& job, const OutputFolder& output, Progress& progress)
      : job_(job),
        output_(output),
        progress_(progress),
        physics_(job),
        folder_(output.path(), job),
        records_(static_cast<std::size_t>(job.micrograph_count)) {}

  RunSummary run() {
    find_work();
    progress_.begin("micrographs", job_.micrograph_count);
    for (const std::uint64_t index : finished_)
      report_skipped(index);
    if (!missing_.empty()) {
      make_folders();
      remove_project_lists(folder_);
      make_missing();
    }
    write_lists();
    if (error_)
      std::rethrow_exception(error_);
    if (progress_.stop_requested() && done_count_ + failed_count_ < missing_count())
      fail(ErrorKind::interrupted,
           "simulating: stopped after {} of {} micrographs; the same command goes on from there",
           done_count_.load(),
           missing_count());
    return summary();
  }

 private:
  // The names are the same in every project: what stands in the place of one is not the failure of
  // a single micrograph.
  void make_folders() const {
    try {
      for (const std::string& file : files_of(0).images())
        output_.place(file);
    } catch (const Error& error) {
      fail(ErrorKind::storage, "{}", error.what());
    }
  }

  std::int64_t missing_count() const { return static_cast<std::int64_t>(missing_.size()); }

  void find_work() {
    for (std::uint64_t index = 0; index < records_.size(); ++index) {
      if (!job_.run.redo)
        records_[index] = folder_.find_finished(files_of(index), physics_.fingerprint(index));
      (records_[index] ? finished_ : missing_).push_back(index);
    }
  }

  ProjectFiles files_of(std::uint64_t index) const {
    return folder_.files(index, physics_.has_movie(index));
  }

  // Micrographs side by side leave no processor waiting; where they are few, or large for the
  // memory, several threads work on one.
  void make_missing() {
    set_thread_count(job_.run.threads);
    const int threads = thread_count();
    const auto workers = static_cast<int>(
        std::clamp<std::int64_t>(std::min(missing_count(), affordable_workers(job_)), 1, threads));
    std::vector<std::thread> pool;
    for (int worker = 0; worker < workers; ++worker)
      pool.emplace_back([this, threads_each = threads / workers] {
        set_thread_count(threads_each);
        work();
      });
    for (std::thread& worker : pool)
      worker.join();
  }

  void work() {
    while (!has_to_stop_ && !progress_.stop_requested()) {
      const std::size_t next = next_++;
      if (next >= missing_.size())
        return;
      try {
        make(missing_[next]);
      } catch (...) {
        std::lock_guard lock(error_mutex_);
        if (!error_)
          error_ = std::current_exception();
        has_to_stop_ = true;
      }
    }
  }

  void make(std::uint64_t index) {
    const auto start = std::chrono::steady_clock::now();
    ItemResult result;
    result.name = files_of(index).micrograph;
    try {
      with_context("simulating '" + folder_.path_of(result.name) + "'", [&] {
        folder_.remove_leftovers(index);
        const SimulatedMicrograph micrograph = physics_.simulate(index);
        MicrographRecord record = record_of(micrograph);
        record.fingerprint = physics_.fingerprint(index);
        record.files = files_of(index);
        folder_.write(micrograph, record);
        result.numbers = {{"snr_per_px", record.snr_per_px()},
                          {"mean", record.mean},
                          {"particle_count", static_cast<double>(record.particles.size())}};
        records_[index] = std::move(record);
      });
      ++done_count_;
    } catch (const Error& error) {
      // One micrograph that cannot be made, for lack of memory for instance; anything else would
      // happen to the others, too.
      if (error.kind() != ErrorKind::input)
        throw;
      result.state = ItemState::failed;
      result.reason = error.what();
      ++failed_count_;
    }
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress_.item_finished(result);
  }

  void report_skipped(std::uint64_t index) {
    ItemResult result;
    result.name = files_of(index).micrograph;
    result.state = ItemState::skipped;
    result.reason = "finished before";
    progress_.item_finished(result);
  }

  void write_lists() {
    std::vector<MicrographRecord> there;
    for (const std::optional<MicrographRecord>& record : records_)
      if (record)
        there.push_back(*record);
    if (there.empty())
      return;
    try {
      write_project_lists(folder_, there);
    } catch (...) {
      // What went wrong first says more.
      if (!error_)
        error_ = std::current_exception();
    }
  }

  RunSummary summary() const {
    RunSummary summary;
    summary.done_count = done_count_;
    summary.skipped_count = static_cast<std::int64_t>(finished_.size());
    summary.failed_count = failed_count_;
    summary.result = fmt::format("{} micrographs of {} x {} px with their truth: {}",
                                 summary.done_count + summary.skipped_count,
                                 job_.width_px,
                                 job_.height_px,
                                 folder_.path_of("micrographs.star"));
    return summary;
  }

  const SimulateJob& job_;
  const OutputFolder& output_;
  Progress& progress_;
  ProjectPhysics physics_;
  ProjectFolder folder_;
  std::vector<std::optional<MicrographRecord>> records_;  // of finished micrographs, by index
  std::vector<std::uint64_t> finished_;                   // before this run
  std::vector<std::uint64_t> missing_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::int64_t> done_count_ = 0;
  std::atomic<std::int64_t> failed_count_ = 0;
  std::atomic<bool> has_to_stop_ = false;
  std::mutex error_mutex_;
  std::exception_ptr error_;
};

}  // namespace

RunSummary run_simulate(const SimulateJob& job, const OutputFolder& output, Progress& progress) {
  return Simulation(job, output, progress).run();
}

std::string plan_simulate(const SimulateJob& job) {
  const ProjectPhysics physics(job);
  const ProjectFolder folder(job.run.output_folder, job);
  std::int64_t finished = 0;
  for (std::uint64_t index = 0; index < static_cast<std::uint64_t>(job.micrograph_count); ++index)
    if (!job.run.redo && folder.find_finished(folder.files(index, physics.has_movie(index)),
                                              physics.fingerprint(index)))
      ++finished;
  return fmt::format("{} micrographs of {} x {} px would be simulated; {} are finished",
                     job.micrograph_count - finished,
                     job.width_px,
                     job.height_px,
                     finished);
}

}  // namespace limpid
