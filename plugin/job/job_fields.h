#pragma once

#include "plugin/job/job.h"

#include <cstdint>
#include <limits>
#include <type_traits>

// The fields of every job, once: their names in job.json and the values they may have. What reads,
// writes or checks jobs is a visitor that is called as visit(key, field) or visit(key, field,
// range); structs are fields like any other.
namespace limpid {

struct Range {
  double smallest = std::numeric_limits<double>::lowest();
  double largest = std::numeric_limits<double>::max();
};

template <class Struct, class Expected>
concept FieldsOf = std::is_same_v<std::remove_const_t<Struct>, Expected>;

// Each function takes its struct apart by a structured binding, so that a new field does not
// compile before it is listed.

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<DeviceOptions> auto& device) {
  auto& [kind, gpus, precision] = device;
  visit("kind", kind);
  visit("gpus", gpus, Range{0, 9999});
  visit("precision", precision);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<RunOptions> auto& options) {
  auto& [output_folder,
         device,
         threads,
         seed,
         max_failed_fraction,
         redo,
         dry_run,
         memory_bytes,
         gpu_memory_bytes,
         verbose,
         quiet] = options;
  visit("output_folder", output_folder);
  visit("device", device);
  visit("threads", threads, Range{0, 4096});
  visit("seed", seed);
  visit("max_failed_fraction", max_failed_fraction, Range{0, 1});
  visit("redo", redo);
  visit("dry_run", dry_run);
  visit("memory_bytes", memory_bytes, Range{0, 1e18});
  visit("gpu_memory_bytes", gpu_memory_bytes, Range{0, 1e18});
  visit("verbose", verbose);
  visit("quiet", quiet);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<MicrographInput> auto& input) {
  auto& [star_file, paths, lenient_star] = input;
  visit("star_file", star_file);
  visit("paths", paths);
  visit("lenient_star", lenient_star);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<WatchOptions> auto& options) {
  auto& [is_on, minutes, idle_minutes, interval_seconds] = options;
  visit("is_on", is_on);
  visit("minutes", minutes, Range{0, 1e6});
  visit("idle_minutes", idle_minutes, Range{0, 1e6});
  visit("interval_seconds", interval_seconds, Range{0.05, 3600});
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<DenoiseJob> auto& job) {
  auto& [run,
         input,
         model,
         float16,
         use_halves,
         resample,
         keep_high_resolution_angstrom,
         match_noise,
         combine_halves,
         coordinates,
         particle_diameter_angstrom,
         average_orientations,
         watch] = job;
  visit("run", run);
  visit("input", input);
  visit("model", model);
  visit("float16", float16);
  visit("use_halves", use_halves);
  visit("resample", resample);
  visit("keep_high_resolution_angstrom", keep_high_resolution_angstrom, Range{0, 10000});
  visit("match_noise", match_noise);
  visit("combine_halves", combine_halves);
  visit("coordinates", coordinates);
  visit("particle_diameter_angstrom", particle_diameter_angstrom, Range{1, 1e5});
  visit("average_orientations", average_orientations);
  visit("watch", watch);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<MovieInput> auto& movies) {
  auto& [star_file,
         gain_file,
         weight_by_dose,
         dose_per_frame_e_per_square_angstrom,
         eer_grouping,
         eer_upsampling] = movies;
  visit("star_file", star_file);
  visit("gain_file", gain_file);
  visit("weight_by_dose", weight_by_dose);
  visit(
      "dose_per_frame_e_per_square_angstrom", dose_per_frame_e_per_square_angstrom, Range{0, 1000});
  visit("eer_grouping", eer_grouping, Range{0, 100000});
  visit("eer_upsampling", eer_upsampling, Range{0, 4});
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PhysicsOptions> auto& physics) {
  auto& [micrograph_size_px, crops_per_micrograph] = physics;
  visit("micrograph_size_px", micrograph_size_px, Range{64, 8192});
  visit("crops_per_micrograph", crops_per_micrograph, Range{1, 1e6});
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<TrainJob> auto& job) {
  auto& [run,
         input,
         movies,
         patches_folder,
         pairs,
         physics,
         start_model,
         network,
         model_name,
         model_summary,
         epochs,
         minutes,
         patch_size_px,
         batch_size,
         learning_rate,
         validation_fraction,
         patience,
         noise_electrons_per_unit,
         noise_sigma,
         loader] = job;
  visit("run", run);
  visit("input", input);
  visit("movies", movies);
  visit("patches_folder", patches_folder);
  visit("pairs", pairs);
  visit("physics", physics);
  visit("start_model", start_model);
  visit("network", network);
  visit("model_name", model_name);
  visit("model_summary", model_summary);
  visit("epochs", epochs, Range{0, 1e6});
  visit("minutes", minutes, Range{0, 1e6});
  visit("patch_size_px", patch_size_px, Range{0, 65536});
  visit("batch_size", batch_size, Range{0, 65536});
  visit("learning_rate", learning_rate, Range{0, 1});
  visit("validation_fraction", validation_fraction, Range{0, 1});
  visit("patience", patience, Range{0, 1e6});
  visit("noise_electrons_per_unit", noise_electrons_per_unit, Range{0, 1e9});
  visit("noise_sigma", noise_sigma, Range{0, 1e3});
  visit("loader", loader);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PrepareJob> auto& job) {
  auto& [run,
         input,
         pairs,
         content,
         patch_size_px,
         stride_px,
         test_micrographs,
         float16,
         noise_electrons_per_unit,
         noise_sigma] = job;
  visit("run", run);
  visit("input", input);
  visit("pairs", pairs);
  visit("content", content);
  visit("patch_size_px", patch_size_px, Range{1, 65536});
  visit("stride_px", stride_px, Range{1, 65536});
  visit("test_micrographs", test_micrographs, Range{0, 1e9});
  visit("float16", float16);
  visit("noise_electrons_per_unit", noise_electrons_per_unit, Range{0, 1e9});
  visit("noise_sigma", noise_sigma, Range{0, 1e3});
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<SimulateJob> auto& job) {
  auto& [run,
         micrograph_count,
         width_px,
         height_px,
         pixel_size_angstrom,
         dose_e_per_square_angstrom,
         frame_count,
         camera,
         structure_file,
         map_threshold,
         structure_count,
         diverse,
         write_movie,
         movie_count,
         write_halves,
         float16] = job;
  visit("run", run);
  visit("micrograph_count", micrograph_count, Range{1, 1e6});
  visit("width_px", width_px, Range{16, 1e5});
  visit("height_px", height_px, Range{16, 1e5});
  visit("pixel_size_angstrom", pixel_size_angstrom, Range{0.1, 20});
  visit("dose_e_per_square_angstrom", dose_e_per_square_angstrom, Range{1e-3, 1000});
  visit("frame_count", frame_count, Range{2, 10000});
  visit("camera", camera);
  visit("structure_file", structure_file);
  visit("map_threshold", map_threshold, Range{-1e30, 1e30});
  visit("structure_count", structure_count, Range{1, 1000});
  visit("diverse", diverse);
  visit("write_movie", write_movie);
  visit("movie_count", movie_count, Range{0, 1e6});
  visit("write_halves", write_halves);
  visit("float16", float16);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<EvaluateJob> auto& job) {
  auto& [run,
         denoised,
         noisy,
         truth,
         denoised_even,
         denoised_odd,
         pixel_size_angstrom,
         reference_filters,
         baselines,
         coordinates,
         particle_diameter_angstrom] = job;
  visit("run", run);
  visit("denoised", denoised);
  visit("noisy", noisy);
  visit("truth", truth);
  visit("denoised_even", denoised_even);
  visit("denoised_odd", denoised_odd);
  visit("pixel_size_angstrom", pixel_size_angstrom, Range{0, 100});
  visit("reference_filters", reference_filters);
  visit("baselines", baselines);
  visit("coordinates", coordinates);
  visit("particle_diameter_angstrom", particle_diameter_angstrom, Range{1, 1e5});
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<PreviewJob> auto& job) {
  auto& [run, input, patches_folder, denoised_folder, model, picture_count] = job;
  visit("run", run);
  visit("input", input);
  visit("patches_folder", patches_folder);
  visit("denoised_folder", denoised_folder);
  visit("model", model);
  visit("picture_count", picture_count, Range{0, 1e6});
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<RemapJob> auto& job) {
  auto& [run, coordinates, input] = job;
  visit("run", run);
  visit("coordinates", coordinates);
  visit("input", input);
}

template <class Visitor>
void visit_fields(Visitor& visit, FieldsOf<DemoJob> auto& job) {
  auto& [run, train_minutes] = job;
  visit("run", run);
  visit("train_minutes", train_minutes, Range{0, 1e6});
}

}  // namespace limpid
