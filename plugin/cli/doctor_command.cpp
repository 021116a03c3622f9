#include "plugin/cli/command.h"
#include "plugin/machine/doctor.h"
#include "plugin/run/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace limpid {

CommandAction define_doctor(CLI::App& parser) {
  auto options = std::make_shared<DeviceOptions>();
  add_device_options(parser, *options);
  return [options] {
    const Diagnosis diagnosis = diagnose(*options, inspect_gpus());
    fmt::print("{}", diagnosis_text(diagnosis));
    return status(diagnosis.can_run ? ExitCode::done : ExitCode::device);
  };
}

}  // namespace limpid
