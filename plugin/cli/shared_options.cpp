#include "core/base/error.h"
#include "plugin/cli/checked_option.h"
#include "plugin/cli/command.h"
#include "plugin/cli/device_options.h"
#include "plugin/cli/memory_size.h"

#include <CLI/CLI.hpp>

namespace limpid {
namespace {

DataType parse_precision(const std::string& text) {
  if (text == "float32")
    return DataType::float32;
  if (text == "bfloat16")
    return DataType::bfloat16;
  fail(ErrorKind::usage, "--precision '{}': expected float32 or bfloat16", text);
}

}  // namespace

void add_device_options(CLI::App& parser, DeviceOptions& options) {
  parser.add_option_function<std::string>(
      "--device",
      checked([&options](const std::string& text) { options.kind = parse_device_kind(text); }),
      "Processor: auto (a GPU if one works, else the CPU), cpu or cuda");
  parser
      .add_option_function<std::string>(
          "--gpu",
          checked([&options](const std::string& text) {
            options.gpus = parse_gpu_list(text);
            // Naming a GPU is asking for it.
            if (!options.gpus.empty() && options.kind == DeviceKind::automatic)
              options.kind = DeviceKind::cuda;
          }),
          "GPUs to use, such as 0 or 0:1; none: the first that works")
      ->expected(0, 1);
  parser.add_option_function<std::string>(
      "--precision",
      checked([&options](const std::string& text) { options.precision = parse_precision(text); }),
      "Arithmetic: float32 or bfloat16; default bfloat16 on a GPU, float32 on the CPU");
}

void add_run_options(CLI::App& parser, RunOptions& options) {
  parser.add_option("--o", options.output_folder, "Folder for everything that is written");
  add_device_options(parser, options.device);
  parser.add_option("--j", options.threads, "Threads of the CPU; 0: all")
      ->check(CLI::Range(0, 4096));
  // Without the check, the parser takes -1 for 2^64 - 1.
  parser.add_option("--seed", options.seed, "Start of all random numbers")
      ->check(CLI::NonNegativeNumber);
  parser
      .add_option("--max_failed",
                  options.max_failed_fraction,
                  "Fraction of the items that may fail before the run counts as failed")
      ->check(CLI::Range(0.0, 1.0));
  parser.add_flag_function(
      "--only_do_unfinished",
      [&options](std::int64_t) { options.redo = false; },
      "Leave finished items as they are (the default)");
  parser.add_flag("--redo", options.redo, "Do finished items again");
  parser.add_flag("--dry_run", options.dry_run, "Check everything and write nothing");
  parser.add_option_function<std::string>(
      "--memory",
      checked(
          [&options](const std::string& text) { options.memory_bytes = parse_memory_size(text); }),
      "Most memory to use, such as 8G; default: chosen from what there is");
  parser.add_option_function<std::string>("--gpu_memory",
                                          checked([&options](const std::string& text) {
                                            options.gpu_memory_bytes = parse_memory_size(text);
                                          }),
                                          "Most GPU memory to use, the driver's own counted, such as 8G");
  parser.add_flag("--verbose", options.verbose, "Say more");
  parser.add_flag("--quiet", options.quiet, "Say only what went wrong");
}

void add_micrograph_input(CLI::App& parser, MicrographInput& input) {
  parser.add_option("--in_mics", input.star_file, "STAR file that lists the micrographs");
  parser.add_option("micrographs", input.paths, "Micrographs: files, patterns or folders");
  parser.add_flag("--lenient_star",
                  input.lenient_star,
                  "Accept rows behind a blank line, which other programs would lose");
}

void add_noise_options(CLI::App& parser, float& electrons_per_unit, float& sigma) {
  parser
      .add_option("--noise_electrons",
                  electrons_per_unit,
                  "Simulated pairs: electrons for the range of grey values")
      ->check(CLI::NonNegativeNumber);
  parser.add_option("--noise_sigma", sigma, "Simulated pairs: sigma of Gaussian noise")
      ->check(CLI::NonNegativeNumber);
}

}  // namespace limpid
