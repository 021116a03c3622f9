#pragma once

#include "core/io/file_descriptor.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace limpid {

// One finished result of a run.
struct JournalEntry {
  std::string output_name;
  // Of everything that decides the content: input file, settings, model.
  std::string fingerprint;
  std::uint64_t size_bytes = 0;
  std::map<std::string, double> numbers;  // results that a later run reports without redoing them
};

// What was finished in an output folder, in this run or an earlier one. Lines are appended and made
// durable one by one, each after its result is; a torn last line counts as absent.
class Journal {
 public:
  // Reads what is there. Throws Error(storage).
  explicit Journal(const std::string& output_folder);

  // The entry, if its fingerprint is this one and the file is still there with its size.
  std::optional<JournalEntry> find_finished(const std::string& output_name,
                                            const std::string& fingerprint) const;
  // May be called from several threads.
  void append(const JournalEntry& entry);

 private:
  std::string folder_;
  std::string path_;
  std::map<std::string, JournalEntry> entries_;
  FileDescriptor descriptor_;
  std::mutex mutex_;
};

// Name, size and time of change of an input file: enough to notice that it was replaced. Empty when
// there is no such file.
std::string file_fingerprint(const std::string& path);

}  // namespace limpid
