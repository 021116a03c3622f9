#include "core/base/bounded_queue.h"

#include "tests/support/catch.h"

#include <atomic>
#include <stdexcept>
#include <thread>

using limpid::BoundedQueue;

TEST_CASE("bounded_queue: items come out in order and the queue ends after close") {
  BoundedQueue<int> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i)
      queue.push(i);
    queue.close();
  });
  int expected = 0;
  while (const auto item = queue.pop())
    CHECK(*item == expected++);
  CHECK(expected == 100);
  producer.join();
}

TEST_CASE("bounded_queue: a full queue makes the producer wait") {
  BoundedQueue<int> queue(3);
  std::atomic<int> pushed = 0;
  std::thread producer([&] {
    for (int i = 0; i < 10; ++i)
      if (queue.push(i))
        ++pushed;
  });
  while (pushed < 3)
    std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(pushed == 3);
  for (int i = 0; i < 10; ++i)
    CHECK(queue.pop() == i);
  producer.join();
  CHECK(pushed == 10);
}

TEST_CASE("bounded_queue: a producer's error reaches the consumer, and push fails afterwards") {
  BoundedQueue<int> queue(2);
  queue.push(1);
  queue.close_with_error(std::make_exception_ptr(std::runtime_error("disk gone")));
  CHECK_THROWS_WITH(queue.pop(), "disk gone");
  CHECK_FALSE(queue.push(2));
}
