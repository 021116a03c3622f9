#include "core/simulate/structure_file.h"

#include "core/base/error.h"
#include "core/simulate/solvent_threshold.h"

#include <gemmi/ccp4.hpp>
#include <gemmi/gz.hpp>
#include <gemmi/pdb.hpp>
// gemmi parses CIF with PEGTL, which its Debian package neither contains nor requires.
#if __has_include(<tao/pegtl.hpp>)
#include <gemmi/mmread.hpp>
#define LIMPID_READS_MMCIF
#endif

#include <algorithm>
#include <cmath>
#include <optional>

namespace limpid {
namespace {

std::optional<AtomKind> kind_of(gemmi::El element) {
  using gemmi::El;
  switch (element) {
    case El::H:
    case El::D:
      return std::nullopt;
    case El::C:
      return AtomKind::carbon;
    case El::N:
      return AtomKind::nitrogen;
    case El::O:
    case El::F:
      return AtomKind::oxygen;
    case El::S:
    case El::Cl:
      return AtomKind::sulfur;
    case El::P:
      return AtomKind::phosphorus;
    default:
      return gemmi::Element(element).atomic_number() <= 20 ? AtomKind::light_ion
                                                           : AtomKind::heavy_ion;
  }
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

using Motion = gemmi::Transform;

// The motions that build the first assembly out of this residue; one identity when there is none.
std::vector<Motion> copies_of(const gemmi::Structure& file,
                              const gemmi::Chain& chain,
                              const gemmi::Residue& residue,
                              bool expand_assembly) {
  if (!expand_assembly || file.assemblies.empty())
    return {Motion{}};
  std::vector<Motion> motions;
  for (const auto& generator : file.assemblies.front().generators)
    if (contains(generator.chains, chain.name) || contains(generator.subchains, residue.subchain))
      for (const auto& symmetry_operator : generator.operators)
        motions.push_back(symmetry_operator.transform);
  return motions;
}

void add_residue(Structure& structure,
                 const gemmi::Residue& residue,
                 const std::vector<Motion>& motions) {
  if (residue.is_water())
    return;
  for (const gemmi::Atom& atom : residue.atoms) {
    const bool is_first_position = atom.altloc == '\0' || atom.altloc == 'A' || atom.altloc == '1';
    const auto kind = kind_of(atom.element.elem);
    if (!kind || !is_first_position)
      continue;
    for (const Motion& motion : motions) {
      const gemmi::Vec3 p = motion.apply(atom.pos);
      structure.add(Eigen::Vector3d(p.x, p.y, p.z).cast<float>(), *kind);
    }
  }
}

gemmi::Structure read_file(const std::string& path) {
  gemmi::MaybeGzipped input(path);
#ifdef LIMPID_READS_MMCIF
  return gemmi::read_structure(input);
#else
  if (gemmi::iends_with(input.basepath(), "cif"))
    throw std::runtime_error("built without PEGTL (Debian: tao-pegtl-dev), so only PDB is read");
  return gemmi::read_pdb(input);
#endif
}

}  // namespace

Structure read_atomic_model(const std::string& path, bool expand_assembly) {
  gemmi::Structure file;
  try {
    file = read_file(path);
  } catch (const std::exception& error) {
    fail(ErrorKind::input, "reading the atomic model '{}': {}", path, error.what());
  }
  Structure structure;
  structure.name = file.name;
  if (!file.models.empty())
    for (const gemmi::Chain& chain : file.models.front().chains)
      for (const gemmi::Residue& residue : chain.residues)
        add_residue(structure, residue, copies_of(file, chain, residue, expand_assembly));
  if (structure.positions.empty())
    fail(ErrorKind::input, "reading the atomic model '{}': it holds no atoms", path);
  centre(structure);
  return structure;
}

Structure read_density_map(const std::string& path, const MapReading& reading) {
  gemmi::Ccp4<float> map;
  try {
    map.read_ccp4(gemmi::MaybeGzipped(path));
    map.setup(0.0f, gemmi::MapSetup::ReorderOnly);
  } catch (const std::exception& error) {
    fail(ErrorKind::input, "reading the map '{}': {}", path, error.what());
  }
  const auto& grid = map.grid;
  // The cell spans MX, MY, MZ samples, which need not be the size of the box.
  const Eigen::Vector3d spacing(grid.unit_cell.a / std::max(1, map.header_i32(8)),
                                grid.unit_cell.b / std::max(1, map.header_i32(9)),
                                grid.unit_cell.c / std::max(1, map.header_i32(10)));
  if (!(spacing.minCoeff() > 0))
    fail(ErrorKind::input,
         "reading the map '{}': its cell of {} x {} x {} A gives no pixel size",
         path,
         grid.unit_cell.a,
         grid.unit_cell.b,
         grid.unit_cell.c);
  const double threshold =
      reading.threshold ? *reading.threshold : find_solvent_threshold(grid.data);
  Structure structure;
  structure.name = path;
  double sum = 0;
  for (int w = 0; w < grid.nw; ++w)
    for (int v = 0; v < grid.nv; ++v)
      for (int u = 0; u < grid.nu; ++u) {
        const float density = grid.get_value_q(u, v, w);
        if (!(density > threshold) || !(density > 0) || !std::isfinite(density))
          continue;
        structure.add(
            Eigen::Vector3d(u * spacing.x(), v * spacing.y(), w * spacing.z()).cast<float>(),
            AtomKind::density);
        structure.strengths.push_back(density);
        sum += density;
      }
  if (structure.positions.empty())
    fail(ErrorKind::input,
         "reading the map '{}': no density is above the threshold of {} (largest is {})",
         path,
         threshold,
         map.hstats.dmax);
  // Volts times the volume of a voxel, in form factor units.
  const double mean = sum / static_cast<double>(structure.size());
  const double scale = reading.mean_contrast_volts / mean * spacing.prod() / volts_per_form_factor;
  for (float& strength : structure.strengths)
    strength *= static_cast<float>(scale);
  centre(structure);
  return structure;
}

}  // namespace limpid
