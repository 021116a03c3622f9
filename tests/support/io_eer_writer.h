#pragma once

#include "core/io/eer_codec.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace limpid::test {

// The bits of one frame. At most one electron a pixel; any order.
std::string encode_eer_frame(const EerCoding& coding,
                             std::int64_t width,
                             std::int64_t height,
                             std::vector<ElectronEvent> events);

struct EerFile {
  std::uint16_t width = 8;
  std::uint16_t height = 8;
  std::uint16_t compression = 65001;
  EerCoding coding = {};  // with compression 65002 also written as tags
  int strip_count = 1;
  bool has_tag_y = true;
  std::vector<std::string> frames = {};  // as encode_eer_frame gives them
};

// A BigTIFF file put together tag by tag.
std::string eer_bytes(const EerFile& file);

// Electrons that hit each pixel with this probability.
std::vector<ElectronEvent> random_events(const EerCoding& coding,
                                         std::int64_t width,
                                         std::int64_t height,
                                         double probability,
                                         std::uint64_t seed);

// The codings of compressions 65000 and 65001, and of 65002 for a camera of 2048 pixels.
EerCoding eer_coding(std::uint16_t compression);

}  // namespace limpid::test
