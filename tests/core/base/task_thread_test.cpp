#include "core/base/task_thread.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace limpid;

TEST_CASE("task thread: one thread runs all tasks, one at a time") {
  TaskThread server;
  std::atomic<int> running = 0;
  std::atomic<int> most_running = 0;
  std::thread::id first;
  server.run([&] { first = std::this_thread::get_id(); });
  std::atomic<int> elsewhere = 0;
  std::vector<int> counts(4, 0);
  {
    std::vector<std::thread> callers;
    for (std::size_t caller = 0; caller < counts.size(); ++caller)
      callers.emplace_back([&, caller] {
        for (int i = 0; i < 200; ++i)
          server.run([&] {
            most_running = std::max<int>(most_running, ++running);
            elsewhere += std::this_thread::get_id() == first ? 0 : 1;
            ++counts[caller];  // no lock: no other task runs
            --running;
          });
      });
    for (std::thread& caller : callers)
      caller.join();
  }
  CHECK(first != std::this_thread::get_id());
  CHECK(most_running == 1);
  CHECK(elsewhere == 0);
  CHECK(counts == std::vector<int>(4, 200));
}

TEST_CASE("task thread: tasks run in the order in which they were asked for") {
  TaskThread server;
  std::promise<void> may_begin;
  std::vector<int> order;
  std::vector<std::thread> callers;
  std::promise<void> has_begun;
  callers.emplace_back([&] {
    server.run([&] {
      has_begun.set_value();
      may_begin.get_future().wait();
    });
  });
  has_begun.get_future().wait();
  // All wait behind the first task; each is asked for when the one before is in the queue.
  for (int i = 0; i < 5; ++i) {
    const std::size_t waiting = server.waiting_count();
    callers.emplace_back([&, i] { server.run([&, i] { order.push_back(i); }); });
    while (server.waiting_count() == waiting)
      std::this_thread::yield();
  }
  may_begin.set_value();
  for (std::thread& caller : callers)
    caller.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("task thread: an exception goes to the one who asked, and later tasks run") {
  TaskThread server;
  CHECK_THROWS_WITH(server.run([] { throw std::runtime_error("full"); }), "full");
  bool ran = false;
  server.run([&] { ran = true; });
  CHECK(ran);
}

TEST_CASE("task thread: a part of a task runs within it") {
  TaskThread server;
  std::vector<int> order;
  server.run([&] {
    server.run([&] { order.push_back(1); });
    order.push_back(2);
  });
  CHECK(order == std::vector<int>{1, 2});
  CHECK_THROWS_AS(server.run([&] { server.run([] { throw std::runtime_error("inner"); }); }),
                  std::runtime_error);
}
