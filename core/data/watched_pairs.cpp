#include "core/data/watched_pairs.h"

#include "core/base/error.h"

#include <sys/stat.h>
#include <system_error>

#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace limpid {
namespace {

struct FileState {
  std::string path;
  int error = 0;
  std::int64_t size_bytes = 0;
  std::int64_t seconds = 0;  // of the last change
  std::int64_t nanoseconds = 0;
};

FileState look_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return {.path = path, .error = errno};
  return {.path = path,
          .error = 0,
          .size_bytes = status.st_size,
          .seconds = status.st_mtim.tv_sec,
          .nanoseconds = status.st_mtim.tv_nsec};
}

void require_unchanged(const FileState& before) {
  const FileState now = look_at(before.path);
  if (now.error != 0)
    fail(ErrorKind::input,
         "'{}' has been there at the start of training and cannot be read now: {}",
         before.path,
         std::generic_category().message(now.error));
  if (now.size_bytes != before.size_bytes)
    fail(ErrorKind::input,
         "'{}' had {} bytes at the start of training and has {} now",
         before.path,
         before.size_bytes,
         now.size_bytes);
  if (now.seconds != before.seconds || now.nanoseconds != before.nanoseconds)
    fail(ErrorKind::input,
         "'{}' has been written to since the start of training; expected files that stay as they "
         "are",
         before.path);
}

class WatchedPairs : public PairSource {
 public:
  explicit WatchedPairs(std::unique_ptr<PairSource> source) : source_(std::move(source)) {
    for (std::int64_t i = 0; i < source_->count(); ++i)
      for (const std::string& path : source_->files(i))
        if (!states_.contains(path))
          states_.emplace(path, look_at(path));
  }

  std::int64_t count() const override { return source_->count(); }
  std::string name(std::int64_t index) const override { return source_->name(index); }
  ImagePair load(std::int64_t index) const override {
    ImagePair pair;
    load_into(index, pair);
    return pair;
  }
  void load_into(std::int64_t index, ImagePair& pair) const override {
    require_all_unchanged(index);
    source_->load_into(index, pair);
    require_all_unchanged(index);
  }
  ImageSize size(std::int64_t index) const override { return source_->size(index); }
  PairCost cost(std::int64_t index) const override { return source_->cost(index); }
  std::vector<std::string> files(std::int64_t index) const override {
    return source_->files(index);
  }

 private:
  void require_all_unchanged(std::int64_t index) const {
    for (const std::string& path : source_->files(index))
      require_unchanged(states_.at(path));
  }

  std::unique_ptr<PairSource> source_;
  std::map<std::string, FileState> states_;  // many pairs may share a file
};

}  // namespace

std::unique_ptr<PairSource> watch_files(std::unique_ptr<PairSource> source) {
  return std::make_unique<WatchedPairs>(std::move(source));
}

}  // namespace limpid
