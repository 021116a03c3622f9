#pragma once

#include "core/io/eer_codec.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace limpid {

struct EerHeader {
  std::int64_t width = 0;  // of the detector, in pixels
  std::int64_t height = 0;
  std::int64_t frame_count = 0;  // all frames have this size and coding
  EerCoding coding;
};

// Whether the pages of a TIFF file are lists of electrons. Throws Error(ErrorKind::input) if it
// cannot be read.
bool is_eer_file(const std::string& path);

// Reads movies in the electron-event representation: BigTIFF with one frame a page, compression
// 65000 (runs of 8 bits), 65001 (7 bits) or 65002 (as the tags 65007 to 65009 say). Pages that hold
// an ordinary image, a sum beside the frames, are left out. Rows come as the file has them: other
// than in TIFF movies, programs do not turn these upside down.
//
// Everything throws Error(ErrorKind::input) that names the file. Memory is that of one frame. One
// thread at a time may use a reader.
class EerReader {
 public:
  explicit EerReader(const std::string& path);
  EerReader(const EerReader&) = delete;
  EerReader& operator=(const EerReader&) = delete;
  EerReader(EerReader&&) noexcept;
  EerReader& operator=(EerReader&&) noexcept;
  ~EerReader();

  const EerHeader& header() const;
  std::uint64_t file_size_bytes() const;

  void read_events(std::int64_t frame, std::vector<ElectronEvent>& events);
  // Adds 1 for each electron to an image with `upsampling` (1, 2 or 4) times the pixels of the
  // detector in each direction.
  void add_frame(std::int64_t frame, std::int64_t upsampling, std::span<float> pixels);

 private:
  class File;
  std::unique_ptr<File> file_;
};

}  // namespace limpid
