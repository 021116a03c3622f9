#include "plugin/benchmark/loader_benchmark.h"

#include "core/data/patch_loader.h"
#include "plugin/benchmark/half_files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <utility>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

// Counts the bytes of the files that were read to the end.
class CountedPairs : public PairSource {
 public:
  explicit CountedPairs(std::unique_ptr<PairSource> source) : source_(std::move(source)) {}

  std::int64_t count() const override { return source_->count(); }
  std::string name(std::int64_t index) const override { return source_->name(index); }
  ImagePair load(std::int64_t index) const override { return source_->load(index); }
  void load_into(std::int64_t index, ImagePair& pair) const override {
    source_->load_into(index, pair);
    for (const std::string& path : source_->files(index))
      read_bytes_ += std::filesystem::file_size(path);
  }
  ImageSize size(std::int64_t index) const override { return source_->size(index); }
  PairCost cost(std::int64_t index) const override { return source_->cost(index); }

  double read_bytes() const { return static_cast<double>(read_bytes_.load()); }

 private:
  std::unique_ptr<PairSource> source_;
  mutable std::atomic<std::uintmax_t> read_bytes_ = 0;
};

// A line of /proc/self/status such as "RssAnon:    1234 kB", in bytes.
double status_bytes(const std::string& wanted) {
  std::ifstream file("/proc/self/status");
  std::string key;
  while (file >> key) {
    double kibibytes = 0;
    if (key == wanted + ":" && file >> kibibytes)
      return 1024 * kibibytes;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

// 1, 2, 5, 10, 20, 50, ...
double next_mark(double mark) {
  double power = 1;
  while (10 * power <= mark)
    power *= 10;
  return mark < 2 * power ? 2 * power : mark < 5 * power ? 5 * power : 10 * power;
}

}  // namespace

double LoaderBenchmarkResult::read_rate() const {
  if (samples.size() < 2)
    return samples.empty() ? 0 : samples.back().read_bytes / samples.back().seconds;
  return (samples.back().read_bytes - samples.front().read_bytes) /
         (samples.back().seconds - samples.front().seconds);
}

LoaderBenchmarkResult run_loader_benchmark(const LoaderBenchmarkCase& what) {
  const CountedPairs source(half_pairs_of(what.paths));
  LoaderBenchmarkResult result;
  result.plan = plan_loader(measure_dataset(source), what.loader);
  const auto budget = static_cast<double>(what.loader.memory_bytes);
  const Clock::time_point begin = Clock::now();
  PatchLoader loader(source, what.loader, result.plan);
  std::int64_t batches = 0;
  for (double mark = 1;; mark = next_mark(mark)) {
    const double goal = std::min(mark, what.budgets);
    while (source.read_bytes() < goal * budget) {
      loader.next();
      ++batches;
    }
    result.samples.push_back({source.read_bytes(),
                              std::chrono::duration<double>(Clock::now() - begin).count(),
                              status_bytes("RssAnon")});
    if (mark >= what.budgets)
      break;
  }
  result.patches_per_s =
      static_cast<double>(batches * what.loader.batch_size) / result.samples.back().seconds;
  result.peak_resident_bytes = status_bytes("VmHWM");
  return result;
}

std::string loader_benchmark_table(const LoaderBenchmarkResult& result) {
  std::string table = fmt::format("{}\n{:>8} {:>10} {:>9} {:>12}\n",
                                  describe(result.plan),
                                  "memories",
                                  "GB read",
                                  "seconds",
                                  "resident MB");
  for (const LoaderSample& sample : result.samples)
    table += fmt::format("{:>8.1f} {:>10.2f} {:>9.1f} {:>12.1f}\n",
                         sample.read_bytes / static_cast<double>(result.plan.budget_bytes),
                         sample.read_bytes / 1e9,
                         sample.seconds,
                         sample.resident_bytes / 1e6);
  return table + fmt::format("{:.0f} MB/s read, {:.1f} patches/s, at most {:.1f} MB resident\n",
                             result.read_rate() / 1e6,
                             result.patches_per_s,
                             result.peak_resident_bytes / 1e6);
}

std::string loader_benchmark_json(const LoaderBenchmarkResult& result) {
  nlohmann::json json = {{"budget_bytes", result.plan.budget_bytes},
                         {"planned_bytes", result.plan.used_bytes},
                         {"dataset_bytes", result.plan.dataset.pair_bytes},
                         {"micrographs", result.plan.dataset.count},
                         {"micrographs_in_memory", result.plan.slots},
                         {"read_bytes_per_s", result.read_rate()},
                         {"patches_per_s", result.patches_per_s},
                         {"peak_resident_bytes", result.peak_resident_bytes},
                         {"samples", nlohmann::json::array()}};
  for (const LoaderSample& sample : result.samples)
    json["samples"].push_back({{"read_bytes", sample.read_bytes},
                               {"seconds", sample.seconds},
                               {"resident_bytes", sample.resident_bytes}});
  return json.dump(1);
}

}  // namespace limpid
