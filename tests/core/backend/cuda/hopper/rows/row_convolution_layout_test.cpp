#include "core/backend/cuda/hopper/rows/row_convolution_layout.h"

#include "tests/core/backend/cuda/hopper/convolution_problem.h"

#include <array>
#include <cstring>
#include <limits>
#include <set>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

// The tensor-core convolution followed step by step on the CPU: the same shared memory,
// descriptors, rotations and exchanges, with a model of the matrix instruction that reads its
// operands as the PTX manual says. What it computes is compared with the reference backend.
namespace {

// One block of threads with one warpgroup at work.
template <class Block>
class Emulator {
 public:
  explicit Emulator(Problem& problem) : p_(problem), shared_(Block::shared_bytes) {
    std::fill(shared_.begin(), shared_.end(), std::byte{0xff});  // NaN
  }

  void run(const RowWork& work) {
    work_ = work;
    for (int slice = 0; slice < p_.output.shape.channels / outputs; ++slice) {
      first_output_ = slice * outputs;
      load_weights();
      for (int i = 0; i < work.items(); ++i)
        run(work.item(i));
    }
  }

 private:
  static constexpr int outputs = 2 * Block::block_accumulators;
  static constexpr int columns = 3 * outputs;
  static constexpr int pairs = outputs / 8;

  float weight(int output, int tap, int input) const {
    const auto inputs = Block::groups * 8;
    const auto all_outputs = static_cast<int>(p_.output.shape.channels);
    return p_
        .weight[static_cast<std::size_t>(p_.backward ? (input * 9 + 8 - tap) * all_outputs + output
                                                     : (output * 9 + tap) * inputs + input)];
  }

  void put(int offset, BFloat16 value) {
    std::memcpy(&shared_.at(static_cast<std::size_t>(offset)), &value, sizeof value);
  }
  float get(std::uint32_t offset) const {
    BFloat16 value;
    std::memcpy(&value, &shared_.at(offset), sizeof value);
    return static_cast<float>(value);
  }

  void load_weights() {
    for (int tap = 0; tap < 9; ++tap)
      for (int group = 0; group < Block::groups; ++group)
        for (int output = 0; output < outputs; ++output)
          for (int block = 0; block < Block::tap_blocks; ++block)
            if (Block::tap_of_block(block) == tap / 3)
              for (int c = 0; c < 8; ++c)
                put(Block::weight_offset(tap % 3, group, block, output) + 2 * c,
                    BFloat16(weight(first_output_ + output, tap, group * 8 + c)));
  }

  // What the tensor memory accelerator does: a row with one more pixel on either side, zero outside
  // the image, swizzled.
  void copy_row(const RowWork::Item& item, int row) {
    const int y = item.y - 1 + row;
    for (int pixel = 0; pixel < Block::row_pixels; ++pixel)
      for (int channel = 0; channel < 8 * Block::groups; ++channel) {
        const int x = item.x - 1 + pixel;
        const bool inside = y >= 0 && y < work_.height && x >= 0 && x < work_.width;
        const int offset =
            Block::rings_start + Block::row_offset(row % Block::stages, channel, pixel);
        put(static_cast<int>(wgmma::swizzled(static_cast<std::uint32_t>(offset), Block::swizzle)),
            inside ? *p_.input.at(item.image, y, x, channel) : BFloat16(0.0f));
      }
  }

  // What wgmma.mma_async does.
  void multiply(std::uint64_t a, std::uint64_t b) {
    std::vector<float> right(static_cast<std::size_t>(columns) * wgmma::depth);
    for (int n = 0; n < columns; ++n)
      for (int k = 0; k < wgmma::depth; ++k)
        right[static_cast<std::size_t>(n * wgmma::depth + k)] =
            get(wgmma::element_address_bytes(b, n, k));
    for (int m = 0; m < wgmma::rows; ++m) {
      std::array<float, wgmma::depth> left{};
      for (int k = 0; k < wgmma::depth; ++k)
        left[static_cast<std::size_t>(k)] = get(wgmma::element_address_bytes(a, m, k));
      for (int n = 0; n < columns; ++n)
        for (int k = 0; k < wgmma::depth; ++k)
          product_[static_cast<std::size_t>(m * columns + n)] +=
              left[static_cast<std::size_t>(k)] *
              right[static_cast<std::size_t>(n * wgmma::depth + k)];
    }
  }

  void multiply_row(int row) {
    const auto input =
        wgmma::descriptor(static_cast<std::uint32_t>(Block::rings_start +
                                                     Block::row_offset(row % Block::stages, 0, 0)),
                          Block::input_strides,
                          Block::swizzle);
    const auto weights = wgmma::descriptor(0, Block::weight_strides);
    product_.assign(static_cast<std::size_t>(wgmma::rows) * columns, 0.0f);
    for (int tap = 0; tap < 3; ++tap)
      for (int step = 0; step < Block::depth_steps; ++step)
        multiply(
            input + static_cast<std::uint64_t>(Block::input_start(tap, step) / 16),
            weights + static_cast<std::uint64_t>(Block::weight_start(row % 3, tap, step) / 16));
    for (int thread = 0; thread < warpgroup_threads; ++thread)
      for (int i = 0; i < Block::accumulators; ++i) {
        const auto place = wgmma::accumulator_place(thread, i);
        sum(thread, i) += product_[static_cast<std::size_t>(place.row * columns + place.column)];
      }
  }

  float& sum(int thread, int index) {
    return sums_[static_cast<std::size_t>(thread * Block::accumulators + index)];
  }

  void set_to_bias(int block) {
    for (int thread = 0; thread < warpgroup_threads; ++thread)
      for (int i = 0; i < Block::block_accumulators; ++i) {
        const int channel = first_output_ + thread % 4 * 2 + i / 4 * 8 + i % 2;
        sum(thread, block * Block::block_accumulators + i) =
            p_.bias.empty() ? 0.0f : p_.bias[static_cast<std::size_t>(channel)];
      }
  }

  static std::uint32_t packed(float low, float high) {
    const BFloat16 pair[2] = {BFloat16(low), BFloat16(high)};
    std::uint32_t word = 0;
    std::memcpy(&word, pair, sizeof word);
    return word;
  }

  // Leaky activations come before the rounding.
  float finished(const RowWork::Item& item, int y, int block, int half, int thread, int index) {
    const float value =
        sum(thread, block * Block::block_accumulators + index / 2 * 4 + 2 * half + index % 2);
    const int x = item.x + thread / 32 * 16 + thread % 32 / 4 + 8 * half;
    if (p_.activation != Activation::leaky_relu || x >= work_.width)
      return value;
    const int channel = first_output_ + index / 2 * 8 + thread % 4 * 2 + index % 2;
    return p_.backward ? value * activation_derivative(
                                     p_.activation,
                                     static_cast<float>(*p_.mask.at(item.image, y, x, channel)))
                       : activate(p_.activation, value);
  }

  // The threads of a quad change words in lockstep.
  std::array<QuadWords, warpgroup_threads> transposed(
      const RowWork::Item& item, int y, int block, int half, int part) {
    std::array<QuadWords, warpgroup_threads> words{};
    for (int thread = 0; thread < warpgroup_threads; ++thread)
      for (int i = 0; i < 4; ++i) {
        const int at = 2 * (4 * part + i);
        words[static_cast<std::size_t>(thread)].word[i] =
            packed(finished(item, y, block, half, thread, at),
                   finished(item, y, block, half, thread, at + 1));
      }
    for (int round = 0; round < 2; ++round) {
      std::array<QuadPair, warpgroup_threads> given{};
      for (int t = 0; t < warpgroup_threads; ++t)
        given[static_cast<std::size_t>(t)] =
            quad_gives(round, t, words[static_cast<std::size_t>(t)]);
      for (int t = 0; t < warpgroup_threads; ++t)
        words[static_cast<std::size_t>(t)] =
            quad_takes(round,
                       t,
                       words[static_cast<std::size_t>(t)],
                       given[static_cast<std::size_t>(t ^ 1 << round)]);
    }
    return words;
  }

  using Channels = std::array<BFloat16, 8>;
  static constexpr int parts = pairs / 4;

  void store_row(const RowWork::Item& item, int y, int block) {
    for (int part = 0; part < parts; ++part) {
      std::array<std::array<Channels, 2>, warpgroup_threads> pixels{};
      for (int half = 0; half < 2; ++half) {
        const auto words = transposed(item, y, block, half, part);
        for (int thread = 0; thread < warpgroup_threads; ++thread) {
          Channels& values =
              pixels[static_cast<std::size_t>(thread)][static_cast<std::size_t>(half)];
          std::memcpy(values.data(), words[static_cast<std::size_t>(thread)].word, sizeof values);
          const int x = item.x + thread / 32 * 16 + thread % 32 / 4 + 8 * half;
          const int channel = first_output_ + thread % 4 * 8 + 32 * part;
          for (int c = 0; c < 8; ++c) {
            BFloat16& stored = values[static_cast<std::size_t>(c)];
            const auto value = static_cast<float>(stored);
            if (p_.activation == Activation::relu && !p_.backward)
              stored = BFloat16(activate(p_.activation, value));
            else if (p_.activation == Activation::relu && x < work_.width)
              stored = BFloat16(value * activation_derivative(p_.activation,
                                                              static_cast<float>(*p_.mask.at(
                                                                  item.image, y, x, channel + c))));
            if (x < work_.width)
              *p_.output.at(item.image, y, x, channel + c) = stored;
          }
        }
      }
      if (p_.pooled != nullptr)
        for (int thread = 0; thread < warpgroup_threads; ++thread)
          pool(item, y, part, thread, pixels);
    }
  }

  // As RowPool does.
  void pool(const RowWork::Item& item,
            int y,
            int part,
            int thread,
            const std::array<std::array<Channels, 2>, warpgroup_threads>& pixels) {
    const std::size_t half = is_right_of_pair(thread) ? 1 : 0;
    const Channels& own = pixels[static_cast<std::size_t>(thread)][half];
    const Channels& taken = pixels[static_cast<std::size_t>(thread ^ pool_partner)][half];
    const int x = item.x / 2 + pooled_pixel(thread);
    const int channel = first_output_ + thread % 4 * 8 + 32 * part;
    for (std::size_t c = 0; c < 8; ++c) {
      float& above = above_[static_cast<std::size_t>(thread * parts + part)][c];
      const float larger = std::max(static_cast<float>(own[c]), static_cast<float>(taken[c]));
      if ((y - item.y) % 2 == 0)
        above = larger;
      else if (x < work_.width / 2)
        *p_.pooled->at(item.image, y / 2, x, channel + static_cast<int>(c)) =
            BFloat16(std::max(above, larger));
    }
  }

  void run(const RowWork::Item& item) {
    sums_.assign(static_cast<std::size_t>(warpgroup_threads) * Block::accumulators, 0.0f);
    for (int block = 0; block < 3; ++block)
      set_to_bias(block);
    const int rows = item.rows + 2;
    for (int row = 0; row < std::min(rows, Block::stages - 1); ++row)
      copy_row(item, row);
    for (int row = 0; row < rows; ++row) {
      multiply_row(row);
      if (row + Block::stages - 1 < rows)
        copy_row(item, row + Block::stages - 1);
      if (row >= 2)
        store_row(item, item.y + row - 2, row % 3);
      set_to_bias(row % 3);
    }
  }

  Problem& p_;
  RowWork work_;
  std::vector<std::byte> shared_;
  int first_output_ = 0;
  std::vector<float> sums_;  // of a thread, one after the other
  std::array<std::array<float, 8>, static_cast<std::size_t>(warpgroup_threads* parts)> above_{};
  std::vector<float> product_;
};

std::vector<float> maxima(StridedImage& image) {
  const Shape& s = image.shape;
  std::vector<float> result;
  for (std::int64_t row = 0; row < s.batch * (s.height / 2); ++row)
    for (std::int64_t x = 0; x < s.width / 2; ++x)
      for (std::int64_t c = 0; c < s.channels; ++c) {
        float best = -std::numeric_limits<float>::infinity();
        for (int q = 0; q < 4; ++q)
          best = std::max(
              best,
              static_cast<float>(*image.at(
                  row / (s.height / 2), row % (s.height / 2) * 2 + q / 2, 2 * x + q % 2, c)));
        result.push_back(best);
      }
  return result;
}

template <int inputs, int outputs, int slices = 1>
void check(std::int64_t images, std::int64_t height, std::int64_t width, Activation activation) {
  for (const bool backward : {false, true}) {
    INFO(inputs << " to " << outputs << " channels, " << width << " x " << height
                << (backward ? ", backward" : ", forward"));
    Problem p =
        make_problem({images, height, width, inputs}, outputs * slices, activation, backward);
    const std::int64_t channels = p.output.shape.channels;
    StridedImage pooled({images, height / 2, width / 2, channels}, channels);
    if (!backward)
      p.pooled = &pooled;
    Emulator<RowBlock<inputs, outputs>>(p).run(divide_rows(static_cast<int>(images),
                                                           static_cast<int>(height),
                                                           static_cast<int>(width),
                                                           4,
                                                           RowBlock<inputs, outputs>::warpgroups));
    // Both round to bfloat16 in the end.
    CHECK(relative_difference(p.output.get(), expected(p)) < 3e-3);
    if (!backward)
      CHECK(pooled.get() == maxima(p.output));
  }
}

}  // namespace

TEST_CASE("row convolution: followed on the CPU it agrees with the reference") {
  check<32, 32>(2, 19, 70, Activation::relu);
  check<32, 64>(1, 5, 3, Activation::leaky_relu);
  check<64, 32>(1, 9, 65, Activation::none);
  check<64, 64>(1, 4, 66, Activation::relu);
  check<128, 32, 2>(1, 3, 64, Activation::relu);
  check<32, 32>(1, 1, 1, Activation::relu);
}

TEST_CASE("row convolution: every row of every strip is one item's") {
  for (const auto& [images, height, width] :
       {std::array{1, 1, 1}, {3, 37, 130}, {1, 1024, 1024}, {16, 512, 512}, {1, 7676, 7420}}) {
    INFO(images << " x " << height << " x " << width);
    const RowWork work = divide_rows(images, height, width, 132, 4);
    std::set<std::array<int, 3>> rows;  // image, first pixel, row
    for (int i = 0; i < work.items(); ++i) {
      const RowWork::Item item = work.item(i);
      CHECK(item.rows > 0);
      CHECK((item.y % 2 == 0 && item.x % 64 == 0));
      for (int y = item.y; y < item.y + item.rows; ++y)
        rows.insert({item.image, item.x, y});
    }
    CHECK(static_cast<int>(rows.size()) == images * height * ((width + 63) / 64));
  }
}

TEST_CASE("row convolution: a large batch keeps all warpgroups busy") {
  const RowWork work = divide_rows(4, 1024, 1024, 132, 4);
  CHECK(work.items() <= 132 * 4);
  CHECK(work.items() >= 132 * 4 * 9 / 10);
}

TEMPLATE_TEST_CASE("row convolution: reading eight pixels meets no bank twice",
                   "",
                   (RowLayout<32, 32>),
                   (RowLayout<64, 64>),
                   (RowLayout<128, 32>)) {
  const auto row = wgmma::descriptor(0, TestType::input_strides, TestType::swizzle);
  for (int tap = 0; tap < 3; ++tap)
    for (int step = 0; step < TestType::depth_steps; ++step)
      for (const int k : {0, 8}) {
        const auto a = row + static_cast<std::uint64_t>(TestType::input_start(tap, step) / 16);
        std::set<std::uint32_t> banks;  // of 16 bytes
        for (int pixel = 0; pixel < 8; ++pixel)
          banks.insert(wgmma::element_address_bytes(a, pixel, k) / 16 % 8);
        CHECK(banks.size() == 8);
      }
}
