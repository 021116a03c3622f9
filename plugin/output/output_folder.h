#pragma once

#include "core/io/file_descriptor.h"

#include <string>

namespace limpid {

// The folder below which a run writes everything, held by one run at a time. What an earlier run
// left half-written is removed.
class OutputFolder {
 public:
  // Makes the folder. Throws Error(busy) while another run holds it, Error(storage) when it cannot
  // be made or written to.
  explicit OutputFolder(const std::string& path);

  // As it was given, without slashes at the end.
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  // The path for the result `output_name`; makes the folders on the way. Throws Error(input) when
  // there can be no such file: a link on the way leads out of the output folder, or something else
  // has the name.
  std::string place(const std::string& output_name) const;

 private:
  void take_lock();
  void remove_half_written(const std::string& holder) const;

  std::string path_;
  std::string real_path_;  // without links
  FileDescriptor lock_;
};

// Folder for what only this program reads: lock, journal.
inline constexpr const char* private_folder = ".limpid";

}  // namespace limpid
