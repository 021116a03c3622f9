#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace limpid {

enum class MovieFormat { mrc, compressed_mrc, tiff, eer };

const char* name(MovieFormat format);

// How electron events become frames: so many detector frames are added up to one, on `upsampling`
// (1, 2 or 4) times the pixels of the detector in each direction. Frames that are left over at the
// end are dropped, as host programs do.
struct EerRendering {
  std::int64_t frames_per_fraction = 40;
  std::int64_t upsampling = 1;
};

// What a movie contains, from its headers alone.
struct MovieDescription {
  MovieFormat format = MovieFormat::mrc;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t frame_count = 0;  // as read_frame counts them: fractions of electron events
  std::optional<double> pixel_size_angstrom;
  std::uint64_t file_size_bytes = 0;
};

// Where the frames of one kind of file come from.
class MovieFrames {
 public:
  MovieFrames() = default;
  MovieFrames(const MovieFrames&) = delete;
  MovieFrames& operator=(const MovieFrames&) = delete;
  virtual ~MovieFrames() = default;

  virtual const MovieDescription& description() const = 0;
  // Frames are asked for in ascending order, each at most once.
  virtual void read(std::int64_t frame, std::span<float> pixels) = 0;
};

// Reads the frames of a movie one after the other: an MRC stack, compressed or not, the pages of a
// TIFF file, or electron events. What a file is decides its content, not its name. Memory is that
// of one frame.
//
// Rows are in MRC order, row 0 the bottom, as motion correction has them; those of electron events
// are taken as they come. 8-bit TIFF pages of the sizes that SerialEM gives to two packed 4-bit
// pixels a byte are unpacked, since TIFF has no mark for it and hosts go by the size as well.
//
// Everything throws Error(ErrorKind::input) that names the file.
class MovieReader {
 public:
  explicit MovieReader(const std::string& path, const EerRendering& rendering = {});

  const MovieDescription& description() const { return frames_->description(); }
  std::int64_t next_frame() const { return next_frame_; }

  // Resizes the image where needed. Checks, at the last frame, that the file ends as it should.
  void read_next(Image& frame);
  void skip_next() { ++next_frame_; }

 private:
  std::unique_ptr<MovieFrames> frames_;
  std::int64_t next_frame_ = 0;
};

}  // namespace limpid
