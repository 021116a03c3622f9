#include "relion_wrapper/watcher.h"

#include "core/base/error.h"
#include "core/io/file_descriptor.h"
#include "plugin/output/output_folder.h"
#include "plugin/run/exit_code.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <poll.h>
#include <string>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int poll_interval_ms = 250;
// For the worker to stop by itself; with the interval it leaves RELION less than 5 s to wait.
constexpr std::chrono::seconds grace{4};

enum class StopReason : std::uint8_t { none, abort_file, signal };

// SLURM requeues what it preempts; the next run goes on where this one stopped.
bool is_in_slurm_job() {
  return std::getenv("SLURM_JOB_ID") != nullptr;
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT})
    sigaddset(&set, signal);
  // nohup has it ignored.
  struct sigaction hangup {};
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
    sigaddset(&set, SIGHUP);
  return set;
}

// The worker's messages: passed on to stderr, the last line kept.
class MessageStream {
 public:
  explicit MessageStream(FileDescriptor source) : source_(std::move(source)) {}

  int descriptor() const { return source_.get(); }
  bool is_open() const { return source_.is_open(); }

  // Takes what is there; does not block.
  void forward() {
    std::array<char, 4096> bytes{};
    while (source_.is_open()) {
      const ssize_t count = ::read(source_.get(), bytes.data(), bytes.size());
      if (count > 0)
        take({bytes.data(), static_cast<std::size_t>(count)});
      else if (count == 0)
        source_ = FileDescriptor();
      else if (errno != EINTR)
        return;
    }
  }
  void say(const std::string& line) { take(line + "\n"); }

  const std::string& last_line() const { return last_line_; }

 private:
  void take(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
    for (const char letter : text) {
      if (letter == '\n') {
        if (!line_.empty())
          last_line_ = line_;
        line_.clear();
      } else {
        line_ += letter;
      }
    }
  }

  FileDescriptor source_;
  std::string line_;
  std::string last_line_;
};

// The end of the worker, as waitpid() tells it.
struct WorkerEnd {
  int exit_status = 0;
  int signal = 0;  // that killed it; 0: it returned
};

[[noreturn]] void be_worker(const JobFolder& folder,
                            const std::function<int()>& work,
                            pid_t watcher,
                            int message_descriptor,
                            const sigset_t& former_mask) {
  // Without a watcher it must not go on: nobody would see its end.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  std::signal(SIGPIPE, SIG_IGN);
  ::dup2(message_descriptor, STDERR_FILENO);
  sigprocmask(SIG_SETMASK, &former_mask, nullptr);
  int result = status(ExitCode::failed);
  try {
    result = work();
  } catch (const std::exception& error) {
    fmt::print(stderr, "limpid-relion: {}\n", error.what());
  }
  std::fflush(nullptr);
  if (::getppid() != watcher) {
    try {
      folder.mark(JobEnd::failure);
    } catch (const std::exception&) {
      result = status(ExitCode::storage);
    }
  }
  std::_Exit(result);
}

class Watcher {
 public:
  Watcher(const JobFolder& folder, pid_t worker, FileDescriptor messages, FileDescriptor signals)
      : folder_(folder),
        worker_(worker),
        messages_(std::move(messages)),
        signals_(std::move(signals)) {}

  int run() {
    while (!end_) {
      wait_for_news();
      messages_.forward();
      if (reason_ == StopReason::none && folder_.abort_requested())
        stop(StopReason::abort_file);
      if (kill_time_ && Clock::now() >= *kill_time_)
        ::kill(worker_, SIGKILL);
    }
    messages_.forward();
    return conclude();
  }

 private:
  void wait_for_news() {
    std::array<pollfd, 2> sources = {
        {{signals_.get(), POLLIN, 0},
         {messages_.is_open() ? messages_.descriptor() : -1, POLLIN, 0}}};
    ::poll(sources.data(), sources.size(), poll_interval_ms);
    signalfd_siginfo received{};
    while (::read(signals_.get(), &received, sizeof received) == sizeof received) {
      if (received.ssi_signo != SIGCHLD)
        stop(StopReason::signal);
    }
    int state = 0;
    if (::waitpid(worker_, &state, WNOHANG) == worker_) {
      end_ = WorkerEnd{};
      if (WIFSIGNALED(state))
        end_->signal = WTERMSIG(state);
      else
        end_->exit_status = WEXITSTATUS(state);
    }
  }

  void stop(StopReason reason) {
    if (reason_ != StopReason::none)
      return;
    reason_ = reason;
    ::kill(worker_, SIGTERM);
    // A scheduler gives more time than a user, and kills by itself.
    if (reason == StopReason::abort_file || !is_in_slurm_job())
      kill_time_ = Clock::now() + grace;
  }

  int conclude() {
    if (end_->signal != 0)
      remove_half_written();
    if (end_->signal == 0 && end_->exit_status == 0) {
      folder_.mark(JobEnd::success);
      return status(ExitCode::done);
    }
    if (end_->signal == 0 && end_->exit_status == status(ExitCode::busy))
      return end_->exit_status;
    if (was_stopped())
      return conclude_stopped();
    if (end_->signal != 0)
      messages_.say(fmt::format(
          "limpid-relion: the working process was killed by signal {} ({}){}",
          end_->signal,
          strsignal(end_->signal),
          end_->signal == SIGKILL ? "; the system does so when memory runs out (--memory)" : ""));
    keep_reason();
    folder_.mark(JobEnd::failure);
    return end_->signal != 0 ? status(ExitCode::failed) : end_->exit_status;
  }

  bool was_stopped() const {
    // A signal may have been sent to the worker alone.
    return reason_ != StopReason::none || end_->exit_status == status(ExitCode::interrupted) ||
           end_->exit_status == status(ExitCode::terminated);
  }

  int conclude_stopped() {
    if (reason_ == StopReason::abort_file || !is_in_slurm_job()) {
      fmt::print("Aborted; Continue does what is missing.\n");
      std::fflush(stdout);
      folder_.mark(JobEnd::aborted);
    } else {
      fmt::print("Stopped by the scheduler; the same command does what is missing.\n");
    }
    return status(ExitCode::terminated);
  }

  // RELION shows run.err. Messages go elsewhere when the shell or a queue took the redirection
  // away.
  void keep_reason() {
    const std::string path = folder_.file("run.err");
    struct stat shown {};
    struct stat used {};
    if (messages_.last_line().empty() ||
        (::stat(path.c_str(), &shown) == 0 && ::fstat(STDERR_FILENO, &used) == 0 &&
         shown.st_dev == used.st_dev && shown.st_ino == used.st_ino))
      return;
    if (std::FILE* file = std::fopen(path.c_str(), "ae")) {
      fmt::print(file, "{}\n", messages_.last_line());
      std::fclose(file);
    }
  }

  void remove_half_written() {
    try {
      const OutputFolder cleaned(folder_.path());
    } catch (const Error& error) {
      messages_.say(fmt::format("limpid-relion: {}", error.what()));
    }
  }

  const JobFolder& folder_;
  pid_t worker_;
  MessageStream messages_;
  FileDescriptor signals_;
  StopReason reason_ = StopReason::none;
  std::optional<Clock::time_point> kill_time_;
  std::optional<WorkerEnd> end_;
};

}  // namespace

int watch(const JobFolder& folder, const std::function<int()>& work) {
  folder.clear_marks();
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t watched = watched_signals();
  sigset_t former_mask;
  sigprocmask(SIG_BLOCK, &watched, &former_mask);
  FileDescriptor signals(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  std::array<int, 2> ends{};
  if (!signals.is_open() || ::pipe2(ends.data(), O_CLOEXEC) != 0)
    fail(ErrorKind::internal, "watching the working process: {}", std::strerror(errno));
  FileDescriptor source(ends[0]);
  FileDescriptor sink(ends[1]);
  ::fcntl(source.get(), F_SETFL, O_NONBLOCK);

  std::fflush(nullptr);
  const pid_t watcher = ::getpid();
  const pid_t worker = ::fork();
  if (worker < 0)
    fail(ErrorKind::internal, "starting the working process: {}", std::strerror(errno));
  if (worker == 0)
    be_worker(folder, work, watcher, sink.get(), former_mask);
  sink = FileDescriptor();
  return Watcher(folder, worker, std::move(source), std::move(signals)).run();
}

}  // namespace limpid
