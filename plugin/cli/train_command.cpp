#include "plugin/cli/checked_option.h"
#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"
#include "plugin/training/training_pairs.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace limpid {

namespace {

void add_movie_input(CLI::App& parser, MovieInput& movies) {
  parser.add_option("--in_movies",
                    movies.star_file,
                    "STAR file that lists movies, or micrographs with what is known about their "
                    "movies");
  parser.add_option(
      "--gain", movies.gain_file, "Movies: gain reference, instead of the listed one");
  parser.add_flag("--dose_weighting", movies.weight_by_dose, "Movies: weight frames by dose");
  parser
      .add_option("--dose_per_frame",
                  movies.dose_per_frame_e_per_square_angstrom,
                  "Movies: electrons per square angstrom and frame, instead of the listed number")
      ->check(CLI::PositiveNumber);
  parser
      .add_option("--eer_grouping",
                  movies.eer_grouping,
                  "EER movies: frames of the detector to add up to one; default as listed, else 40")
      ->check(CLI::PositiveNumber);
  parser
      .add_option(
          "--eer_upsampling",
          movies.eer_upsampling,
          "EER movies: pixels for one of the detector in each direction; default as listed, "
          "else 1")
      ->check(CLI::IsMember({1, 2, 4}));
}

}  // namespace

void add_train_options(CLI::App& parser, TrainJob& job) {
  add_movie_input(parser, job.movies);
  parser.add_option("--in_patches",
                    job.patches_folder,
                    "Folder of limpid prepare: train on its patches instead of micrographs");
  parser.add_option_function<std::string>(
      "--pairs",
      checked([&job](const std::string& text) { job.pairs = pair_kind_from_name(text); }),
      "What to learn from: auto, halves (even and odd sums), movies (the same, made from the "
      "frames), single (lone micrographs, split in two by noise, without --from parts of them "
      "hidden), simulated (noise is added), "
      "truth (simulated micrographs with their noiseless images) or physics (the same, simulated "
      "while the training runs: no input)");
  parser
      .add_option("--micrograph_size",
                  job.physics.micrograph_size_px,
                  "--pairs physics: side of the micrographs in pixels")
      ->check(CLI::PositiveNumber);
  parser
      .add_option("--crops_per_micrograph",
                  job.physics.crops_per_micrograph,
                  "--pairs physics: crops that a micrograph yields before another takes the place "
                  "of the oldest; more let slow processors keep up")
      ->check(CLI::PositiveNumber);
  parser.add_option("--from", job.start_model, "Model to start from: a name or a file");
  parser.add_option("--network",
                    job.network,
                    "Network without --from: default, classic, or a U-Net described in JSON as "
                    "'limpid.network' of a model file is");
  parser.add_option("--name", job.model_name, "Name of the model");
  parser.add_option("--summary", job.model_summary, "A line about the model, kept in its file");
  parser.add_option("--epochs", job.epochs, "Times that all pixels are visited; default 20")
      ->check(CLI::NonNegativeNumber);
  parser.add_option("--minutes", job.minutes, "How long to train, instead of --epochs")
      ->check(CLI::NonNegativeNumber);
  parser.add_option("--patch_size", job.patch_size_px, "Side of the crops in pixels")
      ->check(CLI::PositiveNumber);
  parser.add_option("--batch_size", job.batch_size, "Crops in a step")->check(CLI::PositiveNumber);
  parser.add_option("--learning_rate", job.learning_rate, "Of Adam, at its peak")
      ->check(CLI::PositiveNumber);
  parser
      .add_option("--validation_fraction",
                  job.validation_fraction,
                  "Share of the micrographs given that is set aside to measure progress")
      ->check(CLI::Range(0.0, 0.9));
  parser.add_option_function<std::string>(
      "--loader",
      checked([&job](const std::string& text) { job.loader = loader_mode_from_name(text); }),
      "Where micrographs are between their uses: resident (all stay in memory, that of the GPU if "
      "there is one), "
      "stream (a few do, the others are read again) or auto (resident if all fit)");
  parser
      .add_option("--patience",
                  job.patience,
                  "Stop after so many validations in a row without improvement; 0, the default, "
                  "trains to the end")
      ->check(CLI::NonNegativeNumber);
  add_noise_options(parser, job.noise_electrons_per_unit, job.noise_sigma);
}

CommandAction define_train(CLI::App& parser) {
  auto job = std::make_shared<TrainJob>();
  add_micrograph_input(parser, job->input);
  add_run_options(parser, job->run);
  add_train_options(parser, *job);
  return [job] { return run_job(*job); };
}

}  // namespace limpid
