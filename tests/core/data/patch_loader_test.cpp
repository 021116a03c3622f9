#include "core/data/patch_loader.h"

#include "core/base/error.h"
#include "core/base/hash.h"
#include "tests/support/catch.h"
#include "tests/support/training_pairs.h"

#include <atomic>
#include <mutex>
#include <set>
#include <span>

using namespace limpid;
using namespace limpid::test;

namespace {

// Room for four batches of three crops, and for three pairs of 96 x 80 pixels in use and one that
// is read, which takes half as much again.
constexpr std::size_t room_for_three =
    4 * (2 * 3 * 32 * 32 + 3) * sizeof(float) + (4 * 2 + 1) * sizeof(float) * 96 * 80;

std::vector<std::string> batch_hashes(const PairSource& source, LoaderOptions options, int count) {
  PatchLoader loader(source, options);
  std::vector<std::string> hashes;
  for (int i = 0; i < count; ++i) {
    const auto batch = loader.next();
    ContentHash hash;
    for (const auto* values : {&batch->input, &batch->target, &batch->loss_weight})
      hash.update(std::as_bytes(std::span(*values)));
    hashes.push_back(hash.hex());
  }
  return hashes;
}

}  // namespace

TEST_CASE("patch loader: the first 1000 batches are the same for any number of threads") {
  const MemoryPairs source(40, 96, 80);
  // Room for 16 of them and 4 that are read.
  LoaderOptions options{
      .patch_size_px = 32, .batch_size = 3, .seed = 9, .memory_bytes = 6 * room_for_three};
  options.threads = 1;
  const auto expected = batch_hashes(source, options, 1000);
  CHECK(std::set<std::string>(expected.begin(), expected.end()).size() == 1000);
  for (const int threads : {2, 8}) {
    options.threads = threads;
    CHECK(batch_hashes(source, options, 1000) == expected);
  }
}

TEST_CASE("patch loader: starting at a later step gives the batches of that step") {
  const MemoryPairs source(12, 96, 80);
  LoaderOptions options{
      .patch_size_px = 32, .batch_size = 3, .seed = 9, .memory_bytes = room_for_three};
  const auto expected = batch_hashes(source, options, 60);
  for (const std::int64_t first : {1, 17, 43}) {
    options.first_step = first;
    const auto found = batch_hashes(source, options, 10);
    CHECK(std::equal(found.begin(), found.end(), expected.begin() + first));
  }
  options.first_step = 0;
  options.seed = 10;
  CHECK(batch_hashes(source, options, 60) != expected);
}

TEST_CASE("patch loader: no more pairs exist than planned, and their memory is used again") {
  class CountedPairs : public MemoryPairs {
   public:
    using MemoryPairs::MemoryPairs;
    void load_into(std::int64_t index, ImagePair& pair) const override {
      ++loads;
      MemoryPairs::load_into(index, pair);
      std::lock_guard lock(mutex);
      places.insert(&pair);
    }
    mutable std::atomic<int> loads = 0;
    mutable std::mutex mutex;
    mutable std::set<const ImagePair*> places;
  };
  const CountedPairs source(40, 96, 80);
  const LoaderOptions options{
      .patch_size_px = 32, .batch_size = 3, .memory_bytes = room_for_three, .threads = 2};
  std::set<const Batch*> batches;
  {
    PatchLoader loader(source, options);
    CHECK(loader.schedule().slots == 3);
    for (int i = 0; i < 400; ++i)
      batches.insert(loader.next().get());
  }
  CHECK(source.loads > 100);
  CHECK(source.places.size() == 4);
  CHECK(batches.size() <= static_cast<std::size_t>(batches_in_memory));
}

TEST_CASE("patch loader: all orientations of large patches are right") {
  const Image image = smooth_image(90, 70, 5);
  constexpr std::int64_t size = 45;  // no multiple of any block
  std::vector<float> patch(size * size);
  for (int orientation = 0; orientation < 8; ++orientation) {
    copy_patch(image, 7, 11, orientation, size, patch.data());
    bool equal = true;
    for (std::int64_t row = 0; row < size; ++row)
      for (std::int64_t column = 0; column < size; ++column) {
        std::int64_t u = (orientation & 1) != 0 ? size - 1 - column : column;
        std::int64_t v = (orientation & 2) != 0 ? size - 1 - row : row;
        if ((orientation & 4) != 0)
          std::swap(u, v);
        equal = equal &&
                patch[static_cast<std::size_t>(row * size + column)] == image.at(7 + u, 11 + v);
      }
    CHECK(equal);
  }
}

TEST_CASE("patch loader: crops are mirrored and transposed") {
  Image image(4, 4);
  for (std::int64_t i = 0; i < 16; ++i)
    image.at(i % 4, i / 4) = static_cast<float>(i);
  const auto patch = [&](int orientation) {
    std::vector<float> values(4);
    copy_patch(image, 1, 2, orientation, 2, values.data());
    return values;
  };
  CHECK(patch(0) == std::vector<float>{9, 10, 13, 14});
  CHECK(patch(1) == std::vector<float>{10, 9, 14, 13});
  CHECK(patch(2) == std::vector<float>{13, 14, 9, 10});
  CHECK(patch(4) == std::vector<float>{9, 13, 10, 14});
  CHECK(patch(7) == std::vector<float>{14, 10, 13, 9});
}

namespace {

// Some of the pairs cannot be read.
class BrokenPairs : public MemoryPairs {
 public:
  BrokenPairs(std::int64_t count, std::int64_t good) : MemoryPairs(count, 96, 80), good_(good) {}
  ImagePair load(std::int64_t index) const override {
    if (index >= good_)
      fail(ErrorKind::input, "cannot read {}", name(index));
    return MemoryPairs::load(index);
  }

 private:
  std::int64_t good_;
};

}  // namespace

TEST_CASE("patch loader: unreadable micrographs are replaced, unless there is no other") {
  const LoaderOptions options{.patch_size_px = 32, .batch_size = 3, .memory_bytes = room_for_three};
  CHECK(batch_hashes(BrokenPairs(12, 1), options, 40).size() == 40);
  LoaderOptions one_thread = options;
  one_thread.threads = 1;
  CHECK(batch_hashes(BrokenPairs(12, 7), options, 40) ==
        batch_hashes(BrokenPairs(12, 7), one_thread, 40));
  CHECK_THROWS_WITH(PatchLoader(BrokenPairs(12, 0), options), ContainsSubstring("none of the 12"));
  LoaderOptions strict = options;
  strict.max_failed_fraction = 0.25;
  CHECK(batch_hashes(BrokenPairs(12, 9), strict, 40).size() == 40);
  strict.max_failed_fraction = 0.2;
  CHECK_THROWS_WITH(batch_hashes(BrokenPairs(12, 9), strict, 40),
                    ContainsSubstring("3 of 12") && ContainsSubstring("--max_failed"));
  CHECK_THROWS_WITH(PatchLoader(MemoryPairs(0, 96, 80), options),
                    ContainsSubstring("no training pairs"));
  CHECK_THROWS_WITH(PatchLoader(MemoryPairs(2, 96, 80), {.patch_size_px = 90}),
                    ContainsSubstring("none of the 2"));
}

TEST_CASE("patch loader: micrographs that are made come once each, in order, from any step on") {
  class Made : public MemoryPairs {
   public:
    Made() : MemoryPairs(1 << 24, 96, 80) {}
    bool is_endless() const override { return true; }
    ImagePair load(std::int64_t index) const override {
      std::lock_guard lock(mutex);
      loaded.push_back(index);
      return MemoryPairs::load(index);
    }
    mutable std::mutex mutex;
    mutable std::vector<std::int64_t> loaded;
  };
  LoaderOptions options{.patch_size_px = 32,
                        .batch_size = 3,
                        .seed = 9,
                        .memory_bytes = 10 * room_for_three,
                        .crops_per_load = 4};
  const Made source;
  options.threads = 1;
  const auto expected = batch_hashes(source, options, 60);
  CHECK(std::set<std::string>(expected.begin(), expected.end()).size() == 60);
  for (std::size_t i = 0; i < source.loaded.size(); ++i)
    REQUIRE(source.loaded[i] == static_cast<std::int64_t>(i));
  CHECK(source.loaded.size() >= 16 + 60 * 3 / 4 - 1);
  // While slots are still to be filled, and when each is filled.
  options.threads = 4;
  for (const std::int64_t first : {0, 5, 50}) {
    options.first_step = first;
    const auto found = batch_hashes(source, options, 10);
    CHECK(std::equal(found.begin(), found.end(), expected.begin() + first));
  }
}
