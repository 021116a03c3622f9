#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace limpid {

// Runs a script with python3, isolated from the user's Python settings and packages, and waits for
// it. `read_result` gets the path of what the script has written to its standard output, a file in
// memory that is gone afterwards. Throws Error(usage) when there is no python3, Error(model) with
// the script's last line on standard error when it fails.
void run_python_script(const std::filesystem::path& script,
                       const std::vector<std::string>& arguments,
                       const std::function<void(const std::string& path)>& read_result);

}  // namespace limpid
