#include "plugin/output/output_folder.h"

#include "core/base/error.h"
#include "core/base/log.h"

#include <climits>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <thread>
#include <vector>

namespace limpid {
namespace {

namespace fs = std::filesystem;

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path, error))
    fail(ErrorKind::storage,
         "making the folder '{}': {}",
         path.string(),
         error ? error.message() : std::string("there is a file of that name"));
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error)
    fail(ErrorKind::storage, "opening the folder '{}': {}", path, error.message());
  return real.string();
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

// Who holds the lock, as the holder wrote it.
std::string read_holder(int descriptor) {
  std::array<char, 300> text{};
  const ssize_t count = ::pread(descriptor, text.data(), text.size() - 1, 0);
  return count > 0 ? std::string(text.data(), static_cast<std::size_t>(count)) : "another process";
}

// ".", ".PID.N.tmp" around the name of a file.
constexpr std::size_t longest_temporary_suffix = 40;

// The number in what a holder wrote, if it runs on this machine; else 0.
long holder_process(const std::string& holder) {
  static const std::regex here(R"(process ([0-9]{1,9}) on (.*))");
  std::smatch parts;
  const bool found = std::regex_match(holder, parts, here) && parts[2].str() == host_name();
  return found ? std::stol(parts[1].str()) : 0;
}

// Whether a process was killed and is being cleared away: its memory, and with it its command line,
// is gone, while its files are still open. With a GPU that takes seconds.
bool is_ending(long process) {
  if (process == 0)
    return false;
  std::ifstream command_line(fmt::format("/proc/{}/cmdline", process));
  return command_line.peek() == std::ifstream::traits_type::eof();
}

// flock(), waiting only for a holder that is ending anyway. False, with errno, if there is no lock.
bool lock_exclusively(int descriptor) {
  constexpr auto longest_wait = std::chrono::seconds(30);
  const auto begin = std::chrono::steady_clock::now();
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error != EWOULDBLOCK || !is_ending(holder_process(read_holder(descriptor))) ||
        std::chrono::steady_clock::now() - begin > longest_wait) {
      errno = error;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder == "/" ? folder : folder + "/");
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path) : path_(path) {
  while (path_.size() > 1 && path_.back() == '/')
    path_.pop_back();
  if (path_.empty())
    fail(ErrorKind::usage, "no output folder is given; expected --o FOLDER");
  make_folders(path_);
  real_path_ = real_path(path_);
  const std::string own = file(private_folder);
  make_folders(own);
  if (!is_below(real_path(own), real_path_))
    fail(ErrorKind::storage, "'{}': a link leads out of the output folder '{}'", own, path_);
  take_lock();
}

void OutputFolder::take_lock() {
  const std::string lock_path = file(std::string(private_folder) + "/lock");
  lock_ =
      FileDescriptor(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!lock_.is_open())
    fail(ErrorKind::storage, "opening '{}': {}", lock_path, std::strerror(errno));
  if (!lock_exclusively(lock_.get())) {
    if (errno == EWOULDBLOCK)
      fail(ErrorKind::busy,
           "the folder '{}' is in use by another run ({})",
           path_,
           read_holder(lock_.get()));
    // Some network file systems have no locks.
    log_warning(
        "'{}' cannot be locked ({}); do not start two runs there", path_, std::strerror(errno));
    return;
  }
  remove_half_written(read_holder(lock_.get()));
  const std::string holder = fmt::format("process {} on {}", ::getpid(), host_name());
  if (::ftruncate(lock_.get(), 0) != 0 ||
      ::pwrite(lock_.get(), holder.data(), holder.size(), 0) < 0)
    fail(ErrorKind::storage, "writing '{}': {}", lock_path, std::strerror(errno));
}

// The temporary files (see AtomicFile) of the run before. Those of any other process stay: another
// run may hold a folder below this one.
void OutputFolder::remove_half_written(const std::string& holder) const {
  static const std::regex process(R"(process ([0-9]+) on .*)");
  std::smatch number;
  if (!std::regex_match(holder, number, process))
    return;
  const std::regex temporary(R"(\..+\.)" + number[1].str() + R"(\.[0-9]+\.tmp)");
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator
           at(path_, fs::directory_options::skip_permission_denied, error),
       end;
       !error && at != end;
       at.increment(error))
    if (std::regex_match(at->path().filename().string(), temporary))
      found.push_back(at->path());
  for (const fs::path& path : found)
    fs::remove(path, error);
}

std::string OutputFolder::place(const std::string& output_name) const {
  const fs::path path = fs::path(path_) / output_name;
  const fs::path folder = path.parent_path();
  // Longer paths the system does not take; the temporary name needs some more.
  if (path.native().size() + longest_temporary_suffix >= PATH_MAX)
    fail(ErrorKind::input, "the path of its result is too long: {} bytes", path.native().size());
  // Before any folder is made, which a link might have somewhere else.
  std::error_code error;
  const fs::path real = fs::weakly_canonical(folder, error);
  if (error || !is_below(real.string(), real_path_))
    fail(ErrorKind::input,
         "'{}': {} the output folder '{}'",
         folder.string(),
         error ? "no folder below" : "a link leads out of",
         path_);
  for (fs::path above = real; above.native().size() > real_path_.size();
       above = above.parent_path())
    if (fs::exists(fs::symlink_status(above, error)) && !fs::is_directory(above, error))
      fail(ErrorKind::input, "no folder '{}': '{}' is in the way", folder.string(), above.string());
  make_folders(folder);
  if (fs::is_directory(path, error))
    fail(ErrorKind::input, "'{}' cannot be written: there is a folder of that name", path.string());
  return path.string();
}

}  // namespace limpid
