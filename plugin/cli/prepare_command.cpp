#include "core/base/error.h"
#include "plugin/cli/checked_option.h"
#include "plugin/cli/command.h"
#include "plugin/run/run_job.h"
#include "plugin/training/training_pairs.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace limpid {
namespace {

PatchContent content_from_name(const std::string& text) {
  if (text == "pair")
    return PatchContent::pair;
  if (text == "clean")
    return PatchContent::clean;
  fail(ErrorKind::usage, "--content '{}': expected pair or clean", text);
}

void add_content_options(CLI::App& parser, PrepareJob& job) {
  parser.add_option_function<std::string>(
      "--pairs",
      checked([&job](const std::string& text) { job.pairs = pair_kind_from_name(text); }),
      "What input and target are: simulated (noise is added; the default), halves (even and odd "
      "sums) or truth (simulated micrographs with their noiseless images)");
  parser.add_option_function<std::string>(
      "--content",
      checked([&job](const std::string& text) { job.content = content_from_name(text); }),
      "What is stored: pair (input and target; the default) or clean (targets only; training then "
      "draws new noise at every visit)");
  add_noise_options(parser, job.noise_electrons_per_unit, job.noise_sigma);
}

}  // namespace

CommandAction define_prepare(CLI::App& parser) {
  auto job = std::make_shared<PrepareJob>();
  add_micrograph_input(parser, job->input);
  add_run_options(parser, job->run);
  add_content_options(parser, *job);
  parser.add_option("--patch_size", job->patch_size_px, "Side of the patches in pixels")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  parser.add_option("--stride", job->stride_px, "Pixels from one patch to the next")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  parser
      .add_option("--test_micrographs",
                  job->test_micrographs,
                  "Micrographs to set aside for testing: a number, or a fraction below 1")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  parser.add_flag("--float16", job->float16, "Store half precision, in half the space");
  parser.footer(
      "Below the output folder: train_input.bin, train_target.bin, test_input.bin, test_target.bin "
      "and\npatches.json, which says what is in them. --dry_run tells how much space they take.");
  return [job] { return run_job(*job); };
}

}  // namespace limpid
