#pragma once

#include <string>

namespace limpid {

// The processor of this machine, its vector instructions, and the threads that will be used.
std::string describe_processor();

// Free and total memory, and the limit of a batch system or container.
std::string describe_memory();

// Version of the loaded GPU driver; empty when none is loaded.
std::string gpu_driver_version();

}  // namespace limpid
