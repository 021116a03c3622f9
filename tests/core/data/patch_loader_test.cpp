#include "core/data/patch_loader.h"

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/parallel.h"
#include "tests/support/catch.h"
#include "tests/support/training_pairs.h"

#include <span>

using namespace limpid;
using namespace limpid::test;

namespace {

// Room for three pairs of 96 x 80 pixels in memory, one being read.
constexpr std::size_t room_for_three = 4 * 2 * sizeof(float) * 96 * 80;

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

TEST_CASE("patch loader: the same batches for any number of threads") {
  const MemoryPairs source(12, 96, 80);
  const LoaderOptions options{
      .patch_size_px = 32, .batch_size = 3, .seed = 9, .memory_bytes = room_for_three};
  set_thread_count(1);
  const auto expected = batch_hashes(source, options, 60);
  for (const int threads : {2, 8}) {
    set_thread_count(threads);
    CHECK(batch_hashes(source, options, 60) == expected);
  }
  set_thread_count(0);
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

TEST_CASE("patch loader: memory bounds the micrographs in use") {
  const MemoryPairs source(12, 96, 80);
  LoaderOptions options{.patch_size_px = 32, .batch_size = 3, .memory_bytes = room_for_three};
  CHECK(PatchLoader(source, options).schedule().slots == 3);
  options.memory_bytes = 1;
  CHECK(PatchLoader(source, options).schedule().slots == 1);
  options.memory_bytes = std::size_t{1} << 30;
  CHECK(PatchLoader(source, options).schedule().slots == 12);
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
  CHECK_THROWS_WITH(PatchLoader(BrokenPairs(12, 0), options), ContainsSubstring("none of the 12"));
  CHECK_THROWS_WITH(PatchLoader(MemoryPairs(0, 96, 80), options),
                    ContainsSubstring("no training pairs"));
  CHECK_THROWS_WITH(PatchLoader(MemoryPairs(2, 96, 80), {.patch_size_px = 90}),
                    ContainsSubstring("none of the 2"));
}
