#pragma once

#include "core/data/prepared_dataset.h"
#include "core/io/file_descriptor.h"

#include <cstddef>
#include <string>
#include <vector>

namespace limpid {

// What became of one micrograph of the list.
struct PatchJournalEntry {
  std::string fingerprint;  // of its files and its set
  PatchSetKind set = PatchSetKind::train;
  std::string problem;           // why it has no patches; empty: it has
  PatchedMicrograph micrograph;  // unless there is a problem
};

// The micrographs that a preparation has finished, in the order of the list: one line each, written
// and made durable after the patches are. The first line holds the settings. What follows a torn
// line counts as absent.
class PatchJournal {
 public:
  // Reads what is there.
  explicit PatchJournal(std::string path);

  const std::string& settings() const { return settings_; }  // empty: there is no journal
  const std::vector<PatchJournalEntry>& entries() const { return entries_; }

  // Keeps the first `count` entries and is ready for more. Throws Error(storage).
  void restart(const std::string& settings, std::size_t count);
  void append(const PatchJournalEntry& entry);

 private:
  std::string path_;
  std::string settings_;
  std::vector<PatchJournalEntry> entries_;
  FileDescriptor descriptor_;
};

}  // namespace limpid
