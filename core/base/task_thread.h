#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace limpid {

// A thread that runs tasks for others, one at a time and in the order in which they are asked for:
// for what belongs to one thread although several need it, such as a processor.
class TaskThread {
 public:
  TaskThread();
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;
  // No other thread may be in run().
  ~TaskThread();

  // Waits until the task has run, and throws what it throws. A task may call this for a part of
  // itself, which then runs at once.
  void run(const std::function<void()>& task);

  // Tasks that wait for the one that runs.
  std::size_t waiting_count() const;

 private:
  struct Task {
    const std::function<void()>& body;
    std::exception_ptr error = nullptr;
    bool is_done = false;
  };

  void serve();

  mutable std::mutex mutex_;
  std::condition_variable has_task_;
  std::condition_variable has_result_;
  std::deque<Task*> tasks_;  // on the stacks of those that wait for them
  bool is_closing_ = false;
  std::thread thread_;  // last, because it uses all others
};

}  // namespace limpid
