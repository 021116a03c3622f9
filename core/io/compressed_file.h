#pragma once

#include "core/io/input_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace limpid {

enum class Compression { gzip, bzip2 };

const char* name(Compression compression);

// By the first bytes of a file; empty if it is compressed in neither way.
std::optional<Compression> detect_compression(std::span<const std::byte> first_bytes);

// The content of a gzip or bzip2 file, from front to end and in bounded memory. Several streams one
// after the other, as parallel compressors write them, are one content. Damage of any kind throws
// Error(ErrorKind::input) that names the file; checksums are verified where a stream ends.
class CompressedFile {
 public:
  explicit CompressedFile(const std::string& path);
  CompressedFile(const CompressedFile&) = delete;
  CompressedFile& operator=(const CompressedFile&) = delete;
  CompressedFile(CompressedFile&&) noexcept;
  CompressedFile& operator=(CompressedFile&&) noexcept;
  ~CompressedFile();

  const std::string& path() const { return file_.path(); }
  Compression compression() const { return compression_; }
  // As stored, and the most that this can become; bzip2 has no useful limit.
  std::uint64_t stored_bytes() const { return file_.size_bytes(); }
  std::uint64_t largest_content_bytes() const;

  // Returns how many bytes were read: fewer than asked for only at the end of the content.
  std::size_t read(std::span<std::byte> destination);

 private:
  class Decoder;
  class GzipDecoder;
  class Bzip2Decoder;

  void refill();
  bool begin_stream();
  std::size_t decode(std::span<std::byte> destination);

  InputFile file_;
  Compression compression_ = Compression::gzip;
  std::vector<std::byte> block_;
  std::span<const std::byte> input_;  // what is left of the block
  std::uint64_t offset_ = 0;          // in the file, of the byte behind the block
  bool has_ended_ = false;
  std::unique_ptr<Decoder> decoder_;  // of the current stream; null between streams
};

}  // namespace limpid
