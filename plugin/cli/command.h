#pragma once

#include "plugin/job/job.h"

#include <functional>

namespace CLI {
class App;
}

namespace limpid {

// What a subcommand does once its options are parsed; returns the exit status.
using CommandAction = std::function<int()>;

// One subcommand: `define` adds its options to the parser and returns its action. The table of all
// of them is in main.cpp.
struct Command {
  const char* name;
  const char* summary;
  CommandAction (*define)(CLI::App& parser);
};

// Options that several subcommands share.
void add_run_options(CLI::App& parser, RunOptions& options);
void add_device_options(CLI::App& parser, DeviceOptions& options);
void add_micrograph_input(CLI::App& parser, MicrographInput& input);
// Of simulated pairs.
void add_noise_options(CLI::App& parser, float& electrons_per_unit, float& sigma);

// What a command adds to the shared options; the job must outlive the parsing.
void add_denoise_options(CLI::App& parser, DenoiseJob& job);
void add_train_options(CLI::App& parser, TrainJob& job);

// Defined in NAME_command.cpp.
CommandAction define_denoise(CLI::App& parser);
CommandAction define_train(CLI::App& parser);
CommandAction define_prepare(CLI::App& parser);
CommandAction define_simulate(CLI::App& parser);
CommandAction define_evaluate(CLI::App& parser);
CommandAction define_preview(CLI::App& parser);
CommandAction define_remap(CLI::App& parser);
CommandAction define_models(CLI::App& parser);
CommandAction define_doctor(CLI::App& parser);
CommandAction define_bench(CLI::App& parser);
CommandAction define_demo(CLI::App& parser);
CommandAction define_run(CLI::App& parser);

}  // namespace limpid
