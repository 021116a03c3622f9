#include "core/base/task_thread.h"

#include <utility>

namespace limpid {

TaskThread::TaskThread() : thread_([this] { serve(); }) {}

TaskThread::~TaskThread() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  has_task_.notify_all();
  thread_.join();
}

void TaskThread::run(const std::function<void()>& task) {
  if (std::this_thread::get_id() == thread_.get_id())
    return task();
  Task waiting{.body = task};
  std::unique_lock lock(mutex_);
  tasks_.push_back(&waiting);
  has_task_.notify_one();
  has_result_.wait(lock, [&] { return waiting.is_done; });
  if (waiting.error)
    std::rethrow_exception(waiting.error);
}

std::size_t TaskThread::waiting_count() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void TaskThread::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_task_.wait(lock, [&] { return !tasks_.empty() || is_closing_; });
    if (tasks_.empty())
      return;
    Task& task = *tasks_.front();
    tasks_.pop_front();
    lock.unlock();
    std::exception_ptr error;
    try {
      task.body();
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    task.error = std::move(error);
    task.is_done = true;
    has_result_.notify_all();
  }
}

}  // namespace limpid
