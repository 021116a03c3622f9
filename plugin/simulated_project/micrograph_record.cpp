#include "plugin/simulated_project/micrograph_record.h"

#include "limpid_version.h"

#include <nlohmann/json.hpp>

namespace limpid {
namespace {

// Keys appear in the order they are written.
using Json = nlohmann::ordered_json;

Json to_json(const CtfParameters& ctf) {
  return {{"voltage_kv", ctf.voltage_kv},
          {"spherical_aberration_mm", ctf.spherical_aberration_mm},
          {"amplitude_contrast", ctf.amplitude_contrast},
          {"defocus_u_angstrom", ctf.defocus_u_angstrom},
          {"defocus_v_angstrom", ctf.defocus_v_angstrom},
          {"defocus_angle_degrees", ctf.defocus_angle_degrees},
          {"phase_shift_degrees", ctf.phase_shift_degrees},
          {"b_factor_angstrom2", ctf.b_factor_angstrom2}};
}

CtfParameters ctf_from(const Json& json) {
  CtfParameters ctf;
  ctf.voltage_kv = json.at("voltage_kv");
  ctf.spherical_aberration_mm = json.at("spherical_aberration_mm");
  ctf.amplitude_contrast = json.at("amplitude_contrast");
  ctf.defocus_u_angstrom = json.at("defocus_u_angstrom");
  ctf.defocus_v_angstrom = json.at("defocus_v_angstrom");
  ctf.defocus_angle_degrees = json.at("defocus_angle_degrees");
  ctf.phase_shift_degrees = json.at("phase_shift_degrees");
  ctf.b_factor_angstrom2 = json.at("b_factor_angstrom2");
  return ctf;
}

// For people; not read back.
Json to_json(const DetectorSettings& detector) {
  return {{"kind", detector.kind == DetectorKind::counting ? "counting" : "integrating"},
          {"detected_fraction", detector.detected_fraction},
          {"noise_blur", detector.noise_blur},
          {"read_noise_electrons", detector.read_noise_electrons},
          {"gain_error", detector.gain_error},
          {"hot_pixels_per_megapixel", detector.hot_pixels_per_megapixel},
          {"adu_per_electron", detector.adu_per_electron}};
}

Json to_json(const SpecimenSettings& specimen) {
  return {{"ice_thickness_angstrom", specimen.ice.thickness_angstrom},
          {"coverage", specimen.coverage},
          {"carbon_thickness_angstrom", specimen.carbon.thickness_angstrom},
          {"frost_count", specimen.contamination.frost_count},
          {"droplet_count", specimen.contamination.droplet_count}};
}

Json to_json(const ParticleRecord& particle) {
  return {{"x_px", particle.x_px},
          {"y_px", particle.y_px},
          {"height_angstrom", particle.height_angstrom},
          {"structure", particle.structure},
          {"rot_degrees", particle.angles.rot},
          {"tilt_degrees", particle.angles.tilt},
          {"psi_degrees", particle.angles.psi}};
}

ParticleRecord particle_from(const Json& json) {
  ParticleRecord particle;
  particle.x_px = json.at("x_px");
  particle.y_px = json.at("y_px");
  particle.height_angstrom = json.at("height_angstrom");
  particle.structure = json.at("structure");
  particle.angles.rot = json.at("rot_degrees");
  particle.angles.tilt = json.at("tilt_degrees");
  particle.angles.psi = json.at("psi_degrees");
  return particle;
}

double mean_of(const Image& image) {
  double sum = 0;
  for (const float pixel : image.pixels())
    sum += pixel;
  return sum / static_cast<double>(image.pixel_count());
}

}  // namespace

std::vector<std::string> ProjectFiles::images() const {
  std::vector<std::string> names;
  for (const std::string& name : {micrograph, even, odd, truth, movie})
    if (!name.empty())
      names.push_back(name);
  return names;
}

MicrographRecord record_of(const SimulatedMicrograph& micrograph) {
  MicrographRecord record;
  record.settings = micrograph.settings;
  record.mean = mean_of(micrograph.truth);
  record.signal_sigma = micrograph.signal_sigma;
  record.noise_sigma = micrograph.noise_sigma;
  record.structure_names = micrograph.structure_names;
  record.particles = micrograph.particles;
  return record;
}

std::string record_text(const MicrographRecord& record) {
  const SimulationSettings& settings = record.settings;
  Json json = {{"fingerprint", record.fingerprint},
               {"program", "limpid " LIMPID_VERSION},
               {"width_px", settings.width},
               {"height_px", settings.height},
               {"pixel_size_angstrom", settings.pixel_size_angstrom},
               {"exposure_e_per_square_angstrom", settings.exposure_e_per_a2},
               {"frame_count", settings.frame_count},
               {"ctf", to_json(settings.ctf)},
               {"detector", to_json(settings.detector)},
               {"specimen", to_json(settings.specimen)},
               {"mean", record.mean},
               {"signal_sigma", record.signal_sigma},
               {"noise_sigma", record.noise_sigma},
               {"snr_per_px", record.snr_per_px()},
               {"structures", record.structure_names},
               {"particles", Json::array()}};
  for (const ParticleRecord& particle : record.particles)
    json["particles"].push_back(to_json(particle));
  return json.dump(1) + '\n';
}

std::optional<MicrographRecord> parse_record(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    MicrographRecord record;
    record.fingerprint = json.at("fingerprint");
    record.settings.width = json.at("width_px");
    record.settings.height = json.at("height_px");
    record.settings.pixel_size_angstrom = json.at("pixel_size_angstrom");
    record.settings.exposure_e_per_a2 = json.at("exposure_e_per_square_angstrom");
    record.settings.frame_count = json.at("frame_count");
    record.settings.ctf = ctf_from(json.at("ctf"));
    record.mean = json.at("mean");
    record.signal_sigma = json.at("signal_sigma");
    record.noise_sigma = json.at("noise_sigma");
    record.structure_names = json.at("structures");
    for (const Json& particle : json.at("particles"))
      record.particles.push_back(particle_from(particle));
    return record;
  } catch (const nlohmann::json::exception&) {
    // Cut off, or written by another version: the micrograph is made again.
    return std::nullopt;
  }
}

}  // namespace limpid
