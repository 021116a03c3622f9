#pragma once

#include "core/simulate/diversity.h"
#include "core/simulate/micrograph_simulator.h"
#include "core/simulate/structure.h"
#include "plugin/job/job.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

// What the micrographs of a project show and how they come about. A project is like one session at
// a microscope: one instrument, a few kinds of macromolecules in the same ice, the defocus stepped
// from 0.8 to 2.5 um. A diverse project draws all of it anew for every micrograph.
class ProjectPhysics {
 public:
  // Reads or builds the structures. Throws Error(usage) for settings without meaning and for a
  // structure file that cannot be read.
  explicit ProjectPhysics(const SimulateJob& job);

  // Number `index` of the project; depends on the job's settings and the index alone, so a project
  // can be enlarged later.
  SimulatedMicrograph simulate(std::uint64_t index) const;

  // Whether micrograph `index` comes with its movie: the first, if the job asks for one.
  bool has_movie(std::uint64_t index) const {
    return job_.write_movie && index < static_cast<std::uint64_t>(job_.movie_count);
  }

  // Of all that decides the bytes of a micrograph. Not the number of micrographs.
  std::string fingerprint(std::uint64_t index) const;

 private:
  SimulationSettings settings_of(std::uint64_t index) const;

  SimulateJob job_;
  DiversityRange range_;
  std::vector<Structure> structures_;  // empty: diverse ones
  std::string structure_hash_;
};

}  // namespace limpid
