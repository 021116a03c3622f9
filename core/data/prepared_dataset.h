#pragma once

#include "core/noise/poisson_gaussian.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Patches of micrographs in binary files, and the description that says what is in them:
//   FOLDER/patches.json
//   FOLDER/{train,test}_{input,target}.bin   patch after patch, row after row, little-endian
// The description is written last, so that where there is one the files are complete.
namespace limpid {

enum class PatchSetKind : std::uint8_t { train, test };
enum class PatchRole : std::uint8_t { input, target };

const char* name(PatchSetKind kind);
const char* name(PatchRole role);

// The patches of one micrograph, which follow each other: number r * columns + c of them has its
// corner at x = c * stride, y = r * stride.
struct PatchedMicrograph {
  std::string name;
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  std::optional<double> pixel_size_angstrom;
  std::int64_t first_patch = 0;  // in the files of its set
  std::int64_t columns = 0;
  std::int64_t rows = 0;
  // Grey value in the micrograph = grey_offset + grey_range * stored value, before noise.
  double grey_offset = 0;
  double grey_range = 1;
  // What a network sees: (stored value - mean) / sigma.
  double mean = 0;
  double sigma = 1;
  double loss_weight = 1;
  // ContentHash of the stored bytes; of the input empty when there are no inputs.
  std::string input_xxh64;
  std::string target_xxh64;

  std::int64_t patch_count() const { return columns * rows; }
};

struct PreparedDataset {
  static constexpr const char* description_name = "patches.json";

  std::int64_t patch_size_px = 0;
  std::int64_t stride_px = 0;
  bool is_float16 = false;    // else float32
  bool has_inputs = true;     // else only noiseless targets; noise is drawn at every visit
  bool is_symmetric = false;  // input and target may be exchanged: two halves
  std::string pairs;          // what the pairs are: simulated, halves or truth
  NoiseModel noise;           // that was or is to be added, in stored units
  std::uint64_t seed = 0;     // of noise and split
  std::string program;        // that wrote the files
  std::vector<PatchedMicrograph> train;
  std::vector<PatchedMicrograph> test;

  const std::vector<PatchedMicrograph>& set(PatchSetKind kind) const {
    return kind == PatchSetKind::train ? train : test;
  }
  std::int64_t patch_count(PatchSetKind kind) const;
  std::uint64_t patch_bytes() const;
  // Whether there is such a file: none for a set without patches, no inputs in a clean dataset.
  bool has_file(PatchSetKind kind, PatchRole role) const;
};

// train_input.bin and so on.
std::string patch_file_name(PatchSetKind kind, PatchRole role);

// Patches side by side or one above the other that fit in `length_px` pixels.
std::int64_t patches_along(std::int64_t length_px,
                           std::int64_t patch_size_px,
                           std::int64_t stride_px);

// One micrograph as a JSON object on one line, and back; throws Error(usage).
std::string to_json(const PatchedMicrograph& micrograph);
PatchedMicrograph patched_micrograph_from_json(const std::string& text);

std::string to_json(const PreparedDataset& dataset);
// Throws Error(usage) for what is missing, of another type, or contradicts itself.
PreparedDataset prepared_dataset_from_json(const std::string& text);

// Reads the description and compares the sizes of the files with it. Throws Error(usage) that names
// the file and says what was expected.
PreparedDataset read_prepared_dataset(const std::string& folder);

}  // namespace limpid
