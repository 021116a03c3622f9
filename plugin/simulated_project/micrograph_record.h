#pragma once

#include "core/simulate/micrograph_simulator.h"

#include <optional>
#include <string>
#include <vector>

namespace limpid {

// The files of one micrograph, relative to the project folder; empty where there is none.
struct ProjectFiles {
  std::string micrograph;
  std::string even;
  std::string odd;
  std::string truth;
  std::string movie;
  std::string record;

  // Of the images, those that are not empty.
  std::vector<std::string> images() const;
};

// What a project knows of one finished micrograph. It is kept beside the images, so that the lists
// of a project can be written without simulating again.
struct MicrographRecord {
  std::string fingerprint;  // of everything that decides the images
  ProjectFiles files;
  SimulationSettings settings;  // as read back: what the record file holds, defaults elsewhere
  double mean = 0;              // of the truth, in units of the image
  double signal_sigma = 0;
  double noise_sigma = 0;
  std::vector<std::string> structure_names;
  std::vector<ParticleRecord> particles;

  double snr_per_px() const { return signal_sigma * signal_sigma / (noise_sigma * noise_sigma); }
};

// Everything but the fingerprint and the files.
MicrographRecord record_of(const SimulatedMicrograph& micrograph);

std::string record_text(const MicrographRecord& record);

// Nothing if the text is not a whole record. `files` are not kept in the text.
std::optional<MicrographRecord> parse_record(const std::string& text);

}  // namespace limpid
