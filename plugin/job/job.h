#pragma once

#include "core/backend/registry.h"
#include "core/data/loader_plan.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What a run is asked to do, in plain fields. Hosts and the command line only fill these structs; a
// run writes its own as job.json, from which it can be repeated.
namespace limpid {

// The processors to use. Without GPU indices a run takes the first GPU that works.
struct DeviceOptions {
  DeviceKind kind = DeviceKind::automatic;
  std::vector<int> gpus;              // empty: choose
  std::optional<DataType> precision;  // empty: bfloat16 on a GPU, float32 on the CPU
};

// What all long jobs share.
struct RunOptions {
  std::string output_folder;  // everything is written below it
  DeviceOptions device;
  int threads = 0;  // 0: all processors this process may use
  std::uint64_t seed = 0;
  double max_failed_fraction = 0.1;
  bool redo = false;  // do finished items again
  bool dry_run = false;
  std::size_t memory_bytes = 0;      // of the host; 0: chosen from what is free
  std::size_t gpu_memory_bytes = 0;  // 0: chosen from what is free
  bool verbose = false;
  bool quiet = false;
};

// Micrographs as a STAR file, or as files, globs and folders; one of the two is given.
struct MicrographInput {
  std::string star_file;
  std::vector<std::string> paths;
  bool lenient_star = false;  // go on after a blank line among the rows
};

// Whether a run goes on looking for micrographs that come later, and what ends it.
struct WatchOptions {
  bool is_on = false;
  double minutes = 0;           // after which nothing new is begun; 0: no limit
  double idle_minutes = 60;     // without anything new; 0: no limit
  double interval_seconds = 5;  // between two looks
};

struct DenoiseJob {
  RunOptions run;
  MicrographInput input;
  std::string model = "default";  // name of a shipped model, or a file
  bool float16 = false;           // write MRC mode 12 instead of mode 2
  bool use_halves = true;         // measure quality on even and odd halves where there are any
  bool resample = true;           // where the model does not know the pixel size
  double keep_high_resolution_angstrom = 0;  // raw frequencies beyond; 0: none
  bool match_noise = true;      // undo the noise spectrum of plain sums weighted by dose
  bool combine_halves = false;  // denoise the halves where there are any, and join the results
  std::string coordinates;      // STAR file of picked particles; empty: none (pick_list.h)
  double particle_diameter_angstrom = 200;
  bool average_orientations = false;  // over all eight of a micrograph
  WatchOptions watch;
};

// Movies to learn from; see read_movie_list for what the list may say about them.
struct MovieInput {
  std::string star_file;
  std::string gain_file;                            // empty: as the list says
  bool weight_by_dose = false;                      // frames, in their sums
  double dose_per_frame_e_per_square_angstrom = 0;  // 0: as the list says
  std::int64_t eer_grouping = 0;                    // 0: as the list says, else 40
  std::int64_t eer_upsampling = 0;                  // 0: as the list says, else 1
};

enum class PairKind : std::uint8_t {
  automatic,  // what there is, in this order: given movies, halves, listed movies, single
  halves,     // even against odd sums
  movies,     // even against odd sums, made from the frames
  single,     // the micrograph against itself, parts of it hidden
  simulated,  // the micrograph against itself with noise added
  truth,      // noisy micrographs against noiseless ones, as `limpid simulate` writes them
  physics     // the same, simulated while the training runs
};

// Micrographs that are simulated while they are learnt from (physics_pairs.h).
struct PhysicsOptions {
  std::int64_t micrograph_size_px = 1024;
  std::int64_t crops_per_micrograph = 32;  // after which another takes its place
};

struct TrainJob {
  RunOptions run;
  MicrographInput input;  // or `movies`, or `patches_folder`; none for physics
  MovieInput movies;
  std::string patches_folder;  // of a prepare run
  PairKind pairs = PairKind::automatic;
  PhysicsOptions physics;
  std::string start_model;          // name or file to go on from; empty: random weights
  std::string network = "default";  // preset, when there is no start model
  std::string model_name = "model";
  std::string model_summary;         // one line for the model file; empty: what it was trained on
  double epochs = 0;                 // 0: as the minutes allow
  double minutes = 0;                // 0: as the epochs ask; both 0: 20 epochs
  std::int64_t patch_size_px = 0;    // 0: chosen
  std::int64_t batch_size = 0;       // 0: chosen
  double learning_rate = 0;          // 0: chosen
  double validation_fraction = 0.1;  // of the micrographs that are given
  std::int64_t patience = 0;         // validations without improvement until the end; 0: no end
  float noise_electrons_per_unit = 100.0f;  // of simulated pairs, on images scaled to 0..1
  float noise_sigma = 0.05f;
  LoaderMode loader = LoaderMode::automatic;
};

enum class PatchContent : std::uint8_t {
  pair,  // input and target
  clean  // targets alone; noise is added when they are used
};

struct PrepareJob {
  RunOptions run;
  MicrographInput input;
  PairKind pairs = PairKind::simulated;  // or halves or truth
  PatchContent content = PatchContent::pair;
  std::int64_t patch_size_px = 1024;
  std::int64_t stride_px = 512;
  double test_micrographs = 0.1;            // set aside: a number, or a fraction if below 1
  bool float16 = false;                     // instead of float32
  float noise_electrons_per_unit = 100.0f;  // of simulated pairs, on images scaled to 0..1
  float noise_sigma = 0.05f;
};

struct SimulateJob {
  RunOptions run;
  std::int64_t micrograph_count = 4;
  std::int64_t width_px = 1024;
  std::int64_t height_px = 1024;
  double pixel_size_angstrom = 1.0;
  double dose_e_per_square_angstrom = 40.0;
  std::int64_t frame_count = 20;
  std::string camera = "k3";            // one of detector_preset_names()
  std::string structure_file;           // PDB, mmCIF or MRC map; empty: procedural molecules
  std::optional<double> map_threshold;  // density that counts as solvent; empty: chosen
  std::int64_t structure_count = 3;
  bool diverse = false;  // draw microscope, dose, ice and specimen anew for every micrograph
  bool write_movie = true;
  std::int64_t movie_count = 1;  // micrographs, from the first, whose movies are written
  bool write_halves = true;
  bool float16 = false;  // write MRC mode 12 instead of mode 2
};

// Lists are matched with `denoised` by file names, or row by row where the names have nothing in
// common. A list with neither STAR file nor paths is not given.
struct EvaluateJob {
  RunOptions run;  // the output folder may be empty: only a table is printed
  MicrographInput denoised;
  MicrographInput noisy;  // what was denoised
  MicrographInput truth;  // not given: estimates from halves
  // The results for the even and the odd halves; not given: the halves beside the denoised images.
  MicrographInput denoised_even;
  MicrographInput denoised_odd;
  double pixel_size_angstrom = 0;  // 0: as lists and files say
  bool reference_filters = true;   // best Gaussian and radial Wiener rows
  // Filters that know no truth too, and what each method removed (removal_report.h).
  bool baselines = false;
  std::string coordinates;  // STAR file of picked particles; empty: none (pick_list.h)
  double particle_diameter_angstrom = 200;
};

struct PreviewJob {
  RunOptions run;
  MicrographInput input;        // raw micrographs, or
  std::string patches_folder;   // of a prepare run: pictures of its patches
  std::string denoised_folder;  // output folder of a denoise run; empty: denoise now
  std::string model = "default";
  std::int64_t picture_count = 4;
};

struct RemapJob {
  RunOptions run;
  std::string coordinates;  // picked on denoised micrographs (run_remap.h)
  MicrographInput input;    // the original micrographs
};

struct DemoJob {
  RunOptions run;
  double train_minutes = 1.0;
};

using Job = std::variant<DenoiseJob,
                         TrainJob,
                         PrepareJob,
                         SimulateJob,
                         EvaluateJob,
                         PreviewJob,
                         RemapJob,
                         DemoJob>;

}  // namespace limpid
