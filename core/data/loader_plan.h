#pragma once

#include "core/data/pair_source.h"
#include "core/data/patch_schedule.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace limpid {

enum class LoaderMode : std::uint8_t {
  automatic,  // resident if the memory suffices, else stream
  resident,   // all micrographs are read once and stay in memory
  stream      // a few are in memory, one after the other is replaced
};

const char* name(LoaderMode mode);
// Throws Error(usage).
LoaderMode loader_mode_from_name(const std::string& name);

struct LoaderOptions {
  std::int64_t patch_size_px = 256;
  std::int64_t batch_size = 4;
  std::uint64_t seed = 0;
  LoaderMode mode = LoaderMode::automatic;
  std::size_t memory_bytes = std::size_t{1} << 30;  // for everything that holds pixels
  std::size_t reserved_bytes = 0;                   // of these, for pixels outside of the loader
  std::size_t batch_staging_bytes = 0;              // and for batches on their way to the device
  // Memory of a GPU that micrographs may take; crops are then made there. 0: on the host.
  std::size_t device_bytes = 0;
  std::size_t upload_staging_bytes = 0;  // of memory_bytes, for micrographs on their way there
  std::int64_t slots = 0;                // micrographs in memory; 0: as many as fit
  std::int64_t crops_per_load = 0;       // that a micrograph yields; 0: about as many as cover it
  int threads = 0;                       // 0: all processors; changes no batch
  std::int64_t first_step = 0;           // where a resumed run goes on
  // Pairs that turn out to be unusable are replaced, up to this share of all.
  double max_failed_fraction = 1;
  // Asked while the first micrographs are read; if true, the loader throws Error(interrupted).
  std::function<bool()> stop_requested = {};
};

// What a set of pairs takes in memory.
struct DatasetCost {
  std::int64_t count = 0;
  std::int64_t largest_pixel_count = 0;
  std::size_t pair_bytes = 0;  // of all pairs
  std::size_t largest_pair_bytes = 0;
  std::size_t largest_loading_bytes = 0;
  bool is_endless = false;
};

// Looks at every header; of an endless source at the first pair. Throws Error(input).
DatasetCost measure_dataset(const PairSource& source);

// How many micrographs lie in memory, and why. A function of the dataset, the memory, crops and
// batch, never of the number of threads.
struct LoaderPlan {
  LoaderMode mode = LoaderMode::resident;  // never automatic
  DatasetCost dataset;
  std::size_t budget_bytes = 0;
  std::size_t used_bytes = 0;      // at most
  std::size_t resident_bytes = 0;  // what keeping the whole dataset would take
  std::int64_t slots = 1;          // micrographs in memory
  std::int64_t reads = 1;          // micrographs that are read, or wait to be used, besides
  std::int64_t host_pairs = 1;     // micrographs in the host's memory at a time
  // Of a plan that keeps micrographs in the memory of a GPU; 0 for others.
  std::size_t device_budget_bytes = 0;
  std::size_t device_used_bytes = 0;
  std::int64_t device_pairs = 0;  // those in use, and those on their way in or out
  std::int64_t crops_per_load = 1;
  bool is_as_asked = true;  // false: LoaderOptions::slots could not be kept

  bool is_on_device() const { return device_pairs > 0; }
};

// Batches that exist at a time: two ready, one being made, one in use.
inline constexpr std::int64_t batches_in_memory = 4;

// On the GPU if it has room for a micrograph in use and those that take its place, else on the
// host. Throws Error(usage), with the numbers, when the memory does not suffice for the mode.
LoaderPlan plan_loader(const DatasetCost& dataset, const LoaderOptions& options);

// "stream: 3 of 1316 micrographs in memory, ...", for people.
std::string describe(const LoaderPlan& plan);

// Crops that a micrograph yields before its place is renewed: as the options say, else about as
// many as cover it once; and no place is renewed twice in a step.
std::int64_t crops_per_load(const DatasetCost& dataset,
                            const LoaderOptions& options,
                            std::int64_t slots);

// "1.2 GB", for people.
std::string readable_bytes(std::size_t bytes);

PatchSchedule make_schedule(const LoaderPlan& plan, const LoaderOptions& options);

}  // namespace limpid
