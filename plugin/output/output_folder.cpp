#include "plugin/output/output_folder.h"

#include "core/base/error.h"
#include "core/base/log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <regex>
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

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder == "/" ? folder : folder + "/");
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path) : path_(path) {
  while (path_.size() > 1 && path_.back() == '/')
    path_.pop_back();
  if (path_.empty())
    fail(ErrorKind::usage, "no output folder is given; expected --o FOLDER");
  make_folders(fs::path(path_) / private_folder);
  real_path_ = real_path(path_);
  take_lock();
  remove_half_written();
}

void OutputFolder::take_lock() {
  const std::string lock_path = file(std::string(private_folder) + "/lock");
  lock_ =
      FileDescriptor(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!lock_.is_open())
    fail(ErrorKind::storage, "opening '{}': {}", lock_path, std::strerror(errno));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
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
  const std::string holder = fmt::format("process {} on {}", ::getpid(), host_name());
  if (::ftruncate(lock_.get(), 0) != 0 ||
      ::pwrite(lock_.get(), holder.data(), holder.size(), 0) < 0)
    fail(ErrorKind::storage, "writing '{}': {}", lock_path, std::strerror(errno));
}

// The temporary files of AtomicFile. Nobody else writes here while the lock is held.
void OutputFolder::remove_half_written() const {
  static const std::regex temporary(R"(\..+\.[0-9]+\.[0-9]+\.tmp)");
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator at(path_, error), end; !error && at != end;
       at.increment(error))
    if (std::regex_match(at->path().filename().string(), temporary))
      found.push_back(at->path());
  for (const fs::path& path : found)
    fs::remove(path, error);
}

std::string OutputFolder::place(const std::string& output_name) const {
  const fs::path path = fs::path(path_) / output_name;
  make_folders(path.parent_path());
  if (!is_below(real_path(path.parent_path().string()), real_path_))
    fail(ErrorKind::input,
         "'{}': a link leads out of the output folder '{}'",
         path.parent_path().string(),
         path_);
  return path.string();
}

}  // namespace limpid
