#include "plugin/benchmark/repeated_timing.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace limpid {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t fewest_repeats = 5;
constexpr double worthwhile_s = 0.01;  // beside which the start of a replay does not count
constexpr double most_calls = 50;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double time_s(Backend& backend, const std::function<void()>& work) {
  backend.synchronize();
  const Clock::time_point begin = Clock::now();
  work();
  backend.synchronize();
  return seconds_since(begin);
}

double median_time_s(Backend& backend, const std::function<void()>& work, double seconds) {
  std::vector<double> times_s;
  const Clock::time_point begin = Clock::now();
  while (times_s.size() < fewest_repeats || seconds_since(begin) < seconds)
    times_s.push_back(time_s(backend, work));
  std::sort(times_s.begin(), times_s.end());
  return times_s[times_s.size() / 2];
}

}  // namespace

double median_s(Backend& backend, const std::function<void()>& work, double seconds) {
  work();  // makes plans
  const double once_s = time_s(backend, work);
  const auto calls = static_cast<int>(std::clamp(worthwhile_s / once_s, 1.0, most_calls));
  const auto replay = backend.record([&] {
    for (int i = 0; i < calls; ++i)
      work();
  });
  return median_time_s(
             backend, [&] { replay->run(); }, seconds) /
         calls;
}

double median_waited_s(Backend& backend, const std::function<void()>& work, double seconds) {
  work();
  return median_time_s(backend, work, seconds);
}

}  // namespace limpid
