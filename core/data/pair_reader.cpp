#include "core/data/pair_reader.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace limpid {
namespace {

// Beyond, a file is not read any faster, while each thread has blocks of its own.
constexpr int most_threads_per_read = 8;

}  // namespace

PairReader::PairReader(const PairSource& source,
                       const LoaderPlan& plan,
                       const LoaderOptions& options,
                       std::int64_t first_load)
    : source_(source),
      options_(options),
      schedule_(make_schedule(plan, options)),
      end_load_(schedule_.slots == schedule_.count ? first_load + schedule_.count
                                                   : std::numeric_limits<std::int64_t>::max()),
      memory_(plan.host_pairs),
      next_load_(first_load) {
  const int threads = std::max(1, options.threads > 0 ? options.threads : thread_count());
  const auto readers = static_cast<int>(std::min<std::int64_t>(plan.reads, threads));
  threads_per_read_ = std::clamp(threads / readers, 1, most_threads_per_read);
  for (int i = 0; i < readers; ++i)
    threads_.emplace_back([this] { read(); });
}

PairReader::~PairReader() {
  close();
  for (std::thread& thread : threads_)
    thread.join();
}

PairReader::PairPointer PairReader::take(std::int64_t load) {
  return pairs_.take(load, options_.stop_requested).value_or(nullptr);
}

void PairReader::close() {
  pairs_.close();
  memory_.close();
}

void PairReader::read() {
  try {
    set_thread_count(threads_per_read_);
    for (Load load = begin_load(); load.pair; load = begin_load()) {
      load_or_replace(load);
      pairs_.put(load.number, std::move(load.pair));
    }
  } catch (...) {
    pairs_.close(std::current_exception());
    memory_.close();
  }
}

// Memory goes to the loads in their order, so the one that is waited for always has some.
PairReader::Load PairReader::begin_load() {
  std::lock_guard lock(begin_mutex_);
  if (next_load_ == end_load_)
    return {};
  auto pair = memory_.take();
  const std::int64_t number = next_load_++;
  if (schedule_.is_endless)
    return {number, schedule_.micrograph_of_load(number), std::move(pair)};
  if (epoch_ != schedule_.epoch_of_load(number)) {
    epoch_ = schedule_.epoch_of_load(number);
    order_ = permutation(schedule_.count, schedule_.seed, epoch_);
  }
  const std::int64_t index = order_[static_cast<std::size_t>(number % schedule_.count)];
  return {number, index, std::move(pair)};
}

void PairReader::load_or_replace(Load& load) {
  for (std::int64_t attempt = 0; attempt < schedule_.count; ++attempt) {
    const std::int64_t index = (load.index + attempt) % schedule_.count;
    try {
      return load_checked(index, *load.pair);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
      note_failure(index, error);
    }
  }
  std::lock_guard lock(failure_mutex_);
  fail(ErrorKind::input,
       "none of the {} training pairs can be used; the last: {}",
       schedule_.count,
       last_failure_);
}

void PairReader::load_checked(std::int64_t index, ImagePair& pair) const {
  source_.load_into(index, pair);
  const std::int64_t size = options_.patch_size_px;
  if (pair.input.width() < size || pair.input.height() < size)
    fail(ErrorKind::input,
         "'{}' has {} x {} pixels, less than a patch of {} x {}",
         source_.name(index),
         pair.input.width(),
         pair.input.height(),
         size,
         size);
}

void PairReader::note_failure(std::int64_t index, const Error& error) {
  std::lock_guard lock(failure_mutex_);
  if (!failed_.insert(index).second)
    return;
  // Pairs that share a file fail alike.
  if (last_failure_ != error.what())
    log_warning("left out of training: {}", error.what());
  last_failure_ = error.what();
  const auto failed = static_cast<double>(failed_.size());
  if (failed > options_.max_failed_fraction * static_cast<double>(schedule_.count))
    fail(ErrorKind::input,
         "{} of {} training pairs cannot be used, more than the fraction {} that may "
         "(--max_failed); the last: {}",
         failed_.size(),
         schedule_.count,
         options_.max_failed_fraction,
         error.what());
}

}  // namespace limpid
