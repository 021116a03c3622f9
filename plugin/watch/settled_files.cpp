#include "plugin/watch/settled_files.h"

#include "core/base/error.h"
#include "core/io/input_file.h"
#include "core/io/mrc_header.h"
#include "plugin/output/journal.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace limpid {
namespace {

// Whether the beginning of an MRC file announces more than there is. Readers accept no such file,
// but only a writer that is at work will still add to it.
bool is_cut_short(const std::string& path) {
  try {
    const InputFile file(path, ErrorKind::input);
    std::array<std::byte, mrc_header_bytes> header{};
    if (file.size_bytes() < header.size())
      return true;
    file.read_at(0, header);
    if (!looks_like_mrc(header, file.size_bytes()))
      return false;
    const std::uint64_t claimed = claimed_mrc_file_bytes(header);
    // No file has the largest size: it stands for a header without sense, which no more bytes mend.
    return file.size_bytes() < claimed && claimed < std::numeric_limits<std::uint64_t>::max();
  } catch (const Error&) {
    return true;  // gone since, or locked by its writer
  }
}

}  // namespace

bool SettledFiles::is_unchanged(const std::string& path) {
  std::string fingerprint = file_fingerprint(path);
  std::string& last = fingerprints_[path];
  const bool is_same = !fingerprint.empty() && fingerprint == last;
  last = std::move(fingerprint);
  return is_same;
}

bool SettledFiles::is_complete(const std::string& path) {
  return is_unchanged(path) && !is_cut_short(path);
}

}  // namespace limpid
