#include "relion_wrapper/external_job.h"

#include "core/base/error.h"
#include "limpid_version.h"
#include "plugin/cli/command.h"
#include "plugin/cli/parse_error.h"
#include "plugin/job/job.h"
#include "plugin/run/exit_code.h"
#include "plugin/run/run_job.h"
#include "plugin/run/run_remap.h"
#include "relion_wrapper/output_nodes.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

namespace limpid {
namespace {

constexpr const char* program = "limpid-relion";

// What the input fields of the job hold; empty ones are not passed.
struct InputFields {
  std::string movies;
  std::string micrographs;
  std::string particles;
  std::string coordinates;
  std::string reference;
  std::string mask;
};

void add_host_options(CLI::App& parser, InputFields& inputs, MicrographInput& micrographs) {
  parser.add_option("--in_mics", inputs.micrographs, "The field 'Input micrographs'");
  parser.add_option("--in_parts", inputs.particles, "The field 'Input particles'");
  parser.add_option("--in_coords", inputs.coordinates, "The field 'Input coordinates'");
  parser.add_option("--in_3dref", inputs.reference, "The field 'Input 3D reference'");
  parser.add_option("--in_mask", inputs.mask, "The field 'Input 3D mask'");
  parser.add_flag("--lenient_star",
                  micrographs.lenient_star,
                  "Accept rows behind a blank line, which other programs would lose");
  // Read beforehand, and taken here so that the parser knows them.
  parser.add_option("--mode", "denoise, train or remap")->expected(1);
  parser.add_option("--pipeline_control", "The job folder; the same as --o")->expected(1);
}

// For the modes that take none; the parser has to know the field to explain that.
void add_movie_field(CLI::App& parser, InputFields& inputs) {
  parser.add_option("--in_movies", inputs.movies, "The field 'Input movies'; not taken");
}

// Fields that are filled although the job makes no use of them are misunderstandings.
void refuse_inputs(const std::string& mode, const InputFields& inputs, bool takes_coordinates) {
  const struct {
    const std::string& value;
    const char* field;
    bool is_taken;
  } fields[] = {{inputs.movies, "movies", false},
                {inputs.particles, "particles", false},
                {inputs.coordinates, "coordinates", takes_coordinates},
                {inputs.reference, "3D reference", false},
                {inputs.mask, "3D mask", false}};
  for (const auto& [value, field, is_taken] : fields)
    if (!value.empty() && !is_taken)
      fail(ErrorKind::usage,
           "the mode '{}' takes micrographs, not '{}' in the field 'Input {}'; clear that field{}",
           mode,
           value,
           field,
           &value == &inputs.movies ? " and give the micrographs of a Motion correction job" : "");
}

void require_micrographs(const std::string& mode, const InputFields& inputs) {
  if (inputs.micrographs.empty())
    fail(ErrorKind::usage,
         "the field 'Input micrographs' is empty; the mode '{}' takes a STAR file of micrographs",
         mode);
}

// A shell takes a semicolon and its like in a field as the end of the command. RELION always puts
// the number of threads behind the fields, so its absence tells.
void refuse_cut_command(const CommandWords& words, const JobFolder& folder) {
  if (folder.has_job_file() && !words.value("j"))
    fail(ErrorKind::usage,
         "the command ends before --j: a field of the job holds a character that means something "
         "to the shell, one of ; & | < > ( ) # ' \" ` $; put quotes around the value or rename the "
         "file");
}

// The parser would take the next label for the value.
void refuse_empty_values(const CLI::App& parser, const CommandWords& words) {
  for (const std::string& argument : words.arguments()) {
    const CLI::Option* option = parser.get_option_no_throw(argument);
    if (option != nullptr && option->get_items_expected_min() > 0)
      fail(ErrorKind::usage, "the parameter '{}' has no value", argument);
  }
}

// The exit status if there is nothing to do: help was asked for, or an option cannot be followed.
std::optional<int> parse(CLI::App& parser, const CommandWords& words) {
  // RELION passes its own number of threads in front of "Additional arguments", which may have one.
  parser.get_option("--j")->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  parser.set_version_flag("--version", LIMPID_VERSION);
  refuse_empty_values(parser, words);
  // The parser takes the arguments from the back.
  std::vector<std::string> arguments(words.arguments().rbegin(), words.arguments().rend());
  try {
    parser.parse(arguments);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return explain_parse_error(parser, error, program);
  }
}

void announce(const std::string& mode, const JobFolder& folder) {
  fmt::print(
      "Limpid {}, {} in {} for {}\n", LIMPID_VERSION, mode, folder.path(), name(folder.version()));
  std::fflush(stdout);
}

// Runs the job, then tells RELION what there is and the user what to do with it.
int run_and_register(const Job& job,
                     const JobFolder& folder,
                     const std::vector<OutputNode>& nodes,
                     const std::string& advice) {
  const int result = run_job(job);
  if (result != status(ExitCode::done))
    return result;
  write_output_nodes(folder, nodes);
  fmt::print("{}\n", advice);
  return result;
}

int denoise(const CommandWords& words, const JobFolder& folder) {
  CLI::App parser{"Denoises the micrographs of a job", program};
  DenoiseJob job;
  InputFields inputs;
  add_host_options(parser, inputs, job.input);
  add_movie_field(parser, inputs);
  add_run_options(parser, job.run);
  add_denoise_options(parser, job);
  if (const auto result = parse(parser, words))
    return *result;
  refuse_inputs("denoise", inputs, true);
  require_micrographs("denoise", inputs);
  job.input.star_file = inputs.micrographs;
  job.coordinates = inputs.coordinates;
  announce("denoise", folder);
  return run_and_register(
      job,
      folder,
      {{folder.file("micrographs_denoised.star"), NodeKind::micrographs},
       {folder.file("logfile.pdf"), NodeKind::logfile}},
      "Denoised micrographs are for picking and looking. Extract particles from the originals; a "
      "job with --mode remap makes the coordinates fit them.");
}

int train(const CommandWords& words, const JobFolder& folder) {
  CLI::App parser{"Fits a model to the micrographs of a job", program};
  TrainJob job;
  InputFields inputs;
  add_host_options(parser, inputs, job.input);
  add_run_options(parser, job.run);
  add_train_options(parser, job);
  if (const auto result = parse(parser, words))
    return *result;
  refuse_inputs("train", inputs, false);
  if (job.movies.star_file.empty())
    require_micrographs("train", inputs);
  job.input.star_file = inputs.micrographs;
  announce("train", folder);
  return run_and_register(job,
                          folder,
                          {{folder.file("logfile.pdf"), NodeKind::logfile}},
                          fmt::format("To denoise with it, give another job the parameter model "
                                      "with the value {}",
                                      folder.file("model.safetensors")));
}

int remap(const CommandWords& words, const JobFolder& folder) {
  CLI::App parser{"Makes coordinates picked on denoised micrographs fit the originals", program};
  RemapJob job;
  InputFields inputs;
  add_host_options(parser, inputs, job.input);
  add_movie_field(parser, inputs);
  add_run_options(parser, job.run);
  if (const auto result = parse(parser, words))
    return *result;
  refuse_inputs("remap", inputs, true);
  require_micrographs("remap", inputs);
  job.input.star_file = inputs.micrographs;
  job.coordinates = inputs.coordinates;
  announce("remap", folder);
  return run_and_register(job,
                          folder,
                          {{folder.file(remapped_file_name(job)), NodeKind::coordinates}},
                          fmt::format("To extract the particles, give an Extraction job the "
                                      "micrographs {} and these coordinates.",
                                      inputs.micrographs));
}

struct Mode {
  const char* name;
  int (*run)(const CommandWords& words, const JobFolder& folder);
};

constexpr Mode modes[] = {{"denoise", denoise}, {"train", train}, {"remap", remap}};

}  // namespace

int run_external_job(const CommandWords& words, const JobFolder& folder) {
  refuse_cut_command(words, folder);
  const std::string wanted =
      words.value("mode").value_or(words.value("in_coords") ? "remap" : "denoise");
  for (const Mode& mode : modes)
    if (wanted == mode.name)
      return mode.run(words, folder);
  fail(ErrorKind::usage, "--mode '{}': expected denoise, train or remap", wanted);
}

}  // namespace limpid
