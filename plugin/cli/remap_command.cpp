#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace limpid {

CommandAction define_remap(CLI::App& parser) {
  auto job = std::make_shared<RemapJob>();
  parser.add_option("--in_coords",
                    job->coordinates,
                    "Coordinates picked on denoised micrographs: a STAR file that names them, or "
                    "coords_suffix_NAME.star beside files of the same suffix");
  add_micrograph_input(parser, job->input);
  add_run_options(parser, job->run);
  return [job] { return run_job(*job); };
}

}  // namespace limpid
