#include "plugin/model_import/python_script.h"

#include "core/base/error.h"
#include "core/io/file_descriptor.h"
#include "core/io/input_file.h"
#include "core/io/printable.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <spawn.h>

namespace limpid {
namespace {

constexpr std::uint64_t largest_message_bytes = 1 << 20;

// A file in memory that a process can write to and this one can read.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {
    if (descriptor_.get() < 0)
      fail(ErrorKind::internal, "a file in memory: {}", std::generic_category().message(errno));
  }
  int descriptor() const { return descriptor_.get(); }
  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_.get()); }

 private:
  FileDescriptor descriptor_;
};

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

pid_t start(std::vector<std::string>& words, const MemoryFile& output, const MemoryFile& errors) {
  SpawnActions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(actions.get(), output.descriptor(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(actions.get(), errors.descriptor(), STDERR_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t process = 0;
  const int error =
      ::posix_spawnp(&process, arguments[0], actions.get(), nullptr, arguments.data(), environ);
  if (error == ENOENT)
    fail(ErrorKind::usage,
         "'{}' is not in PATH; Python 3.6 or later is needed to read files of PyTorch, without "
         "any packages",
         words[0]);
  if (error != 0)
    fail(ErrorKind::usage, "starting '{}': {}", words[0], std::generic_category().message(error));
  return process;
}

int wait_for(pid_t process) {
  int state = 0;
  while (::waitpid(process, &state, 0) < 0)
    if (errno != EINTR)
      fail(ErrorKind::internal, "waiting for python3: {}", std::generic_category().message(errno));
  return state;
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return printable(text.substr(text.rfind('\n') + 1));
}

}  // namespace

void run_python_script(const std::filesystem::path& script,
                       const std::vector<std::string>& arguments,
                       const std::function<void(const std::string& path)>& read_result) {
  std::vector<std::string> words{"python3", "-I", "-S", "-B", script.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const MemoryFile output("limpid-output");
  const MemoryFile errors("limpid-errors");
  const int state = wait_for(start(words, output, errors));
  if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
    const std::string line = last_line(read_whole_file(errors.path(), largest_message_bytes));
    fail(ErrorKind::model, "{}", line.empty() ? "python3 was stopped" : line);
  }
  read_result(output.path());
}

}  // namespace limpid
