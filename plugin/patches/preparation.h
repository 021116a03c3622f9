#pragma once

#include "plugin/job/job.h"
#include "plugin/output/output_folder.h"
#include "plugin/patches/patch_files.h"
#include "plugin/patches/patch_journal.h"
#include "plugin/patches/patch_plan.h"
#include "plugin/run/progress.h"
#include "plugin/run/run_summary.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace limpid {

// One run: looks what an earlier one has finished, adds the patches of the other micrographs in the
// order of the list, and writes the description when all are there. Several threads read ahead; one
// writes. What is in the files never depends on their number.
class Preparation {
 public:
  // Throws as plan_patches does, and Error(usage) for a folder that holds other patches.
  Preparation(const PrepareJob& job, const OutputFolder& output, Progress& progress);

  RunSummary run();

 private:
  struct ReadPair {
    ImagePair pair;
    std::string problem;  // why there is none
  };

  void check_results() const;
  void check_settings() const;
  void remove_earlier();
  std::size_t count_kept() const;
  bool is_finished() const;
  void begin();
  void add_missing();
  void require_no_stop(std::size_t finished_count) const;
  ReadPair read(std::size_t index) const;
  void add(std::size_t index, const ReadPair& read);
  void report(const PatchJournalEntry& entry, std::size_t index, ItemState state, double seconds);
  void finish();
  PreparedDataset finished_dataset() const;
  int reader_count() const;
  std::string description_path() const;

  const PrepareJob& job_;
  const OutputFolder& output_;
  Progress& progress_;
  PatchPlan plan_;
  PatchFiles files_;
  PatchJournal journal_;
  std::size_t kept_count_ = 0;  // micrographs that an earlier run has dealt with
  RunSummary summary_;
};

}  // namespace limpid
