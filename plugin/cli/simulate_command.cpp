#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>

namespace limpid {
namespace {

void add_image_options(CLI::App& parser, SimulateJob& job) {
  parser.add_option("--count", job.micrograph_count, "Number of micrographs");
  CLI::Option* width = parser.add_option("--width", job.width_px, "Width in pixels");
  CLI::Option* height = parser.add_option("--height", job.height_px, "Height in pixels");
  parser
      .add_option_function<std::int64_t>(
          "--size",
          [&job](std::int64_t size) { job.width_px = job.height_px = size; },
          "Width and height in pixels")
      ->excludes(width)
      ->excludes(height);
}

void add_physics_options(CLI::App& parser, SimulateJob& job) {
  CLI::Option* diverse = parser.add_flag(
      "--diverse",
      job.diverse,
      "Draw microscope, camera, dose, ice and particles anew for every micrograph, to train on");
  parser.add_option("--pixel_size", job.pixel_size_angstrom, "Pixel size in angstrom")
      ->excludes(diverse);
  parser
      .add_option("--dose",
                  job.dose_e_per_square_angstrom,
                  "Electrons per square angstrom on the specimen, in all")
      ->excludes(diverse);
  parser.add_option("--frames", job.frame_count, "Number of frames")->excludes(diverse);
  parser
      .add_option("--camera",
                  job.camera,
                  "Shape of its blur and noise: k2, k3, falcon3-counting, falcon4, "
                  "falcon3-integrating, falcon2 or ccd")
      ->excludes(diverse);
  CLI::Option* structure = parser.add_option(
      "--structure", job.structure_file, "Particle: PDB or mmCIF file or MRC map; .gz is read");
  parser
      .add_option("--map_threshold",
                  job.map_threshold,
                  "Density of the map that counts as solvent; default: found from its values")
      ->needs(structure);
  parser
      .add_option("--structures",
                  job.structure_count,
                  "Number of kinds of procedural particles in a project")
      ->excludes(structure)
      ->excludes(diverse);
}

void add_output_options(CLI::App& parser, SimulateJob& job) {
  CLI::Option* const no_movie = parser.add_flag_function(
      "--no_movie", [&job](std::int64_t) { job.write_movie = false; }, "Leave the movie out");
  parser
      .add_option("--movies",
                  job.movie_count,
                  "Number of micrographs, from the first on, whose movies are written; default 1")
      ->check(CLI::NonNegativeNumber)
      ->excludes(no_movie);
  parser.add_flag_function(
      "--no_halves",
      [&job](std::int64_t) { job.write_halves = false; },
      "Leave the even and odd sums out: enough to train against the truth");
  parser.add_flag("--float16", job.float16, "Write half precision (MRC mode 12)");
}

}  // namespace

CommandAction define_simulate(CLI::App& parser) {
  auto job = std::make_shared<SimulateJob>();
  add_image_options(parser, *job);
  add_physics_options(parser, *job);
  add_output_options(parser, *job);
  add_run_options(parser, job->run);
  parser.footer(
      "Below the output folder: micrographs.star with halves and truth, truth.star, particles.star "
      "and\nmovies.star. Their file names are relative to that folder, so work inside it\n"
      "  cd PROJECT; limpid denoise --in_mics micrographs.star --o Denoised\n"
      "or name the list from elsewhere: files that are not found from the current folder are "
      "looked "
      "for\nbeside the list.");
  return [job] { return run_job(*job); };
}

}  // namespace limpid
