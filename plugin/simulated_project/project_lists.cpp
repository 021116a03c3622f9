#include "plugin/simulated_project/project_lists.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/star_writer.h"

#include <fmt/format.h>
#include <system_error>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

namespace limpid {
namespace {

constexpr const char* list_names[] = {
    "micrographs.star", "truth.star", "particles.star", "movies.star"};

// Numbers the optics of the micrographs from 1 in the order they appear.
class OpticsGroups {
 public:
  explicit OpticsGroups(std::span<const MicrographRecord> records) {
    for (const MicrographRecord& record : records) {
      const Optics optics = optics_of(record);
      const auto [place, is_new] = numbers_.try_emplace(optics, groups_.size() + 1);
      if (is_new)
        groups_.push_back(optics);
    }
  }

  std::string number(const MicrographRecord& record) const {
    return fmt::format("{}", numbers_.at(optics_of(record)));
  }

  // Frames have no pixel size but the original one.
  void write(StarWriter& writer, bool for_movies) const {
    std::vector<std::string> labels = {"rlnOpticsGroupName",
                                       "rlnOpticsGroup",
                                       "rlnMicrographOriginalPixelSize",
                                       "rlnVoltage",
                                       "rlnSphericalAberration",
                                       "rlnAmplitudeContrast"};
    if (!for_movies)
      labels.push_back("rlnMicrographPixelSize");
    writer.begin_loop("optics", labels);
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      const auto& [pixel_size, voltage, aberration, contrast] = groups_[i];
      std::vector<std::string> row = {fmt::format("opticsGroup{}", i + 1),
                                      fmt::format("{}", i + 1),
                                      star_number(pixel_size),
                                      star_number(voltage),
                                      star_number(aberration),
                                      star_number(contrast)};
      if (!for_movies)
        row.push_back(star_number(pixel_size));
      writer.add_row(row);
    }
  }

 private:
  // Pixel size, voltage, spherical aberration, amplitude contrast.
  using Optics = std::array<double, 4>;

  static Optics optics_of(const MicrographRecord& record) {
    const CtfParameters& ctf = record.settings.ctf;
    return {record.settings.pixel_size_angstrom,
            ctf.voltage_kv,
            ctf.spherical_aberration_mm,
            ctf.amplitude_contrast};
  }

  std::vector<Optics> groups_;
  std::map<Optics, std::size_t> numbers_;
};

const std::vector<std::string> ctf_labels = {
    "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift"};

// Of something above the middle of the ice, which is underfocused by that much less.
void append_ctf(std::vector<std::string>& row, const CtfParameters& ctf, double height_angstrom) {
  row.push_back(star_number(ctf.defocus_u_angstrom - height_angstrom));
  row.push_back(star_number(ctf.defocus_v_angstrom - height_angstrom));
  row.push_back(star_number(ctf.defocus_angle_degrees));
  row.push_back(star_number(ctf.phase_shift_degrees));
}

void append(std::vector<std::string>& labels, const std::vector<std::string>& more) {
  labels.insert(labels.end(), more.begin(), more.end());
}

}  // namespace

std::string micrographs_star(std::span<const MicrographRecord> records) {
  const OpticsGroups optics(records);
  StarWriter writer;
  optics.write(writer, false);
  const bool has_halves = !records.empty() && !records.front().files.even.empty();
  std::vector<std::string> labels = {"rlnMicrographName"};
  if (has_halves)
    append(labels, {"rlnMicrographNameEven", "rlnMicrographNameOdd"});
  labels.push_back("rlnOpticsGroup");
  append(labels, ctf_labels);
  append(labels, {"limpidTruthName", "limpidSnrPerPixel"});
  writer.begin_loop("micrographs", labels);
  for (const MicrographRecord& record : records) {
    std::vector<std::string> row = {record.files.micrograph};
    if (has_halves)
      append(row, {record.files.even, record.files.odd});
    row.push_back(optics.number(record));
    append_ctf(row, record.settings.ctf, 0);
    append(row, {record.files.truth, star_number(record.snr_per_px())});
    writer.add_row(row);
  }
  return writer.text();
}

std::string truth_star(std::span<const MicrographRecord> records) {
  const OpticsGroups optics(records);
  StarWriter writer;
  optics.write(writer, false);
  std::vector<std::string> labels = {"rlnMicrographName", "rlnOpticsGroup"};
  append(labels, ctf_labels);
  writer.begin_loop("micrographs", labels);
  for (const MicrographRecord& record : records) {
    std::vector<std::string> row = {record.files.truth, optics.number(record)};
    append_ctf(row, record.settings.ctf, 0);
    writer.add_row(row);
  }
  return writer.text();
}

std::string particles_star(std::span<const MicrographRecord> records) {
  const OpticsGroups optics(records);
  StarWriter writer;
  optics.write(writer, false);
  std::vector<std::string> labels = {
      "rlnCoordinateX", "rlnCoordinateY", "rlnMicrographName", "rlnOpticsGroup"};
  append(labels, ctf_labels);
  append(labels, {"rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnClassNumber"});
  writer.begin_loop("particles", labels);
  for (const MicrographRecord& record : records)
    for (const ParticleRecord& particle : record.particles) {
      std::vector<std::string> row = {star_number(particle.x_px),
                                      star_number(particle.y_px),
                                      record.files.micrograph,
                                      optics.number(record)};
      append_ctf(row, record.settings.ctf, particle.height_angstrom);
      append(row,
             {star_number(particle.angles.rot),
              star_number(particle.angles.tilt),
              star_number(particle.angles.psi),
              star_number(static_cast<std::int64_t>(particle.structure) + 1)});
      writer.add_row(row);
    }
  return writer.text();
}

std::string movies_star(std::span<const MicrographRecord> records) {
  std::vector<MicrographRecord> with_movie;
  for (const MicrographRecord& record : records)
    if (!record.files.movie.empty())
      with_movie.push_back(record);
  if (with_movie.empty())
    return "";
  const OpticsGroups optics(with_movie);
  StarWriter writer;
  optics.write(writer, true);
  writer.begin_loop("movies", {"rlnMicrographMovieName", "rlnOpticsGroup"});
  for (const MicrographRecord& record : with_movie)
    writer.add_row({record.files.movie, optics.number(record)});
  return writer.text();
}

void write_project_lists(const ProjectFolder& folder, std::span<const MicrographRecord> records) {
  const auto write = [&](const char* name, const std::string& text) {
    if (!text.empty())
      write_file_atomically(folder.path_of(name), text);
  };
  write("micrographs.star", micrographs_star(records));
  write("truth.star", truth_star(records));
  write("particles.star", particles_star(records));
  write("movies.star", movies_star(records));
}

void remove_project_lists(const ProjectFolder& folder) {
  for (const char* name : list_names) {
    std::error_code error;
    std::filesystem::remove(folder.path_of(name), error);
    if (error)
      fail(ErrorKind::storage,
           "removing the older list '{}': {}",
           folder.path_of(name),
           error.message());
  }
}

}  // namespace limpid
