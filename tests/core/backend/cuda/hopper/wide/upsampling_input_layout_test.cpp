#include "core/backend/cuda/hopper/wide/upsampling_input_layout.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

#include <cstddef>
#include <cstring>
#include <limits>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

// The gradient of a learned upsampling's input followed step by step on the CPU: the same shared
// memory, descriptors and places of results, with a model of the matrix instruction that reads its
// operands as the PTX manual says.
namespace {

struct Problem {
  int height = 1;  // of x, all images
  int width = 1;
  int inputs = 64;  // channels of x, the results
  int outputs = 32;
  std::vector<float> gradient;  // 2 height x 2 width x outputs
  std::vector<float> weight;    // (input, row, column, output)

  float gradient_at(int y, int x, int channel) const {
    return gradient[static_cast<std::size_t>((y * 2 * width + x) * outputs + channel)];
  }
  float weight_at(int input, int tap, int output) const {
    return weight[static_cast<std::size_t>((input * 4 + tap) * outputs + output)];
  }
};

std::vector<float> expected(const Problem& p) {
  std::vector<float> result;
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x)
      for (int i = 0; i < p.inputs; ++i) {
        double sum = 0;
        for (int tap = 0; tap < 4; ++tap)
          for (int o = 0; o < p.outputs; ++o)
            sum += static_cast<double>(p.gradient_at(2 * y + tap / 2, 2 * x + tap % 2, o)) *
                   static_cast<double>(p.weight_at(i, tap, o));
        result.push_back(static_cast<float>(sum));
      }
  return result;
}

template <class Tile>
class Emulator {
 public:
  explicit Emulator(const Problem& problem)
      : p_(problem),
        work_(divide_wide<Tile>(1, problem.height, problem.width, problem.inputs)),
        shared_(Tile::shared_bytes, std::byte{0xff}),  // NaN
        result_(static_cast<std::size_t>(problem.height * problem.width * problem.inputs),
                std::numeric_limits<float>::quiet_NaN()) {}

  std::vector<float> run() {
    for (int i = 0; i < work_.items(); ++i)
      run(work_.template item<Tile>(i));
    return result_;
  }

 private:
  static constexpr int blocks = Tile::warpgroups * Tile::blocks;

  void put(int box, int offset, float value) {
    REQUIRE(box % Tile::alignment == 0);
    const BFloat16 stored(value);
    const auto at = wgmma::swizzled(static_cast<std::uint32_t>(box + offset), Tile::swizzle);
    std::memcpy(&shared_.at(at + 1) - 1, &stored, sizeof stored);
  }
  float get(std::uint32_t offset) const {
    BFloat16 value;
    std::memcpy(&value, &shared_.at(offset + 1) - 1, sizeof value);
    return static_cast<float>(value);
  }

  // What the tensor memory accelerator does.
  void load(const WideWork::Item& item, const UpsamplingBox& box, int slot, int weights) {
    for (int pixel = 0; pixel < Tile::pixels; ++pixel)
      for (int c = 0; c < Tile::chunk; ++c) {
        const int y = item.y + pixel / Tile::width;
        const int x = item.x + pixel % Tile::width;
        const bool inside = y < p_.height && x < p_.width;
        put(slot,
            pixel * Tile::pixel_bytes + 2 * c,
            inside ? p_.gradient_at(2 * y + box.lower, 2 * x + box.right, box.first_channel + c)
                   : 0.0f);
      }
    for (int i = 0; i < Tile::outputs; ++i)
      for (int c = 0; c < Tile::chunk; ++c)
        put(weights,
            i * Tile::pixel_bytes + 2 * c,
            p_.weight_at(item.first_output + i, 2 * box.lower + box.right, box.first_channel + c));
  }

  // What wgmma.mma_async does.
  void multiply(std::uint64_t a, std::uint64_t b, std::vector<float>& sums) const {
    for (int m = 0; m < wgmma::rows; ++m)
      for (int n = 0; n < Tile::outputs; ++n)
        for (int k = 0; k < wgmma::depth; ++k)
          sums[static_cast<std::size_t>(m * Tile::outputs + n)] +=
              get(wgmma::element_address_bytes(a, m, k)) *
              get(wgmma::element_address_bytes(b, n, k, Tile::weight_order));
  }

  void run(const WideWork::Item& item) {
    std::vector<std::vector<float>> sums(
        blocks, std::vector<float>(static_cast<std::size_t>(wgmma::rows) * Tile::outputs));
    const int boxes = p_.outputs / Tile::chunk * Tile::boxes_of_a_chunk;
    for (int box = 0; box < boxes; ++box) {
      const int slot = box % Tile::slots * Tile::input_slot_bytes;
      const int weights = Tile::weights_start + box % Tile::slots * Tile::weight_bytes;
      load(item, upsampling_box<Tile>(box, boxes), slot, weights);
      for (int product = 0; product < Tile::products; ++product)
        for (int b = 0; b < blocks; ++b)
          multiply(Tile::input_matrix(static_cast<std::uint32_t>(slot), b / Tile::blocks) +
                       static_cast<std::uint64_t>(Tile::input_step(0, b % Tile::blocks, product)),
                   Tile::weight_matrix(static_cast<std::uint32_t>(weights)) +
                       static_cast<std::uint64_t>(Tile::weight_step(product)),
                   sums[static_cast<std::size_t>(b)]);
    }
    for (int b = 0; b < blocks; ++b)
      for (int thread = 0; thread < 128; ++thread)
        for (int i = 0; i < Tile::accumulators; ++i) {
          const WidePixel at = Tile::pixel(b, thread, i / 2 % 2);
          const int y = item.y + at.row;
          const int x = item.x + at.column;
          const wgmma::Place place = wgmma::accumulator_place(thread, i);
          if (y < p_.height && x < p_.width)
            result_[static_cast<std::size_t>((y * p_.width + x) * p_.inputs + item.first_output +
                                             place.column)] =
                sums[static_cast<std::size_t>(b)]
                    [static_cast<std::size_t>(place.row * Tile::outputs + place.column)];
        }
  }

  const Problem& p_;
  WideWork work_;
  std::vector<std::byte> shared_;
  std::vector<float> result_;
};

template <class Tile>
void check(int height, int width, int inputs, int outputs) {
  INFO(inputs << " to " << outputs << " channels, " << width << " x " << height);
  const Problem p{
      .height = height,
      .width = width,
      .inputs = inputs,
      .outputs = outputs,
      .gradient = rounded_to(DataType::bfloat16, random_values(4 * height * width * outputs, 1)),
      .weight = rounded_to(DataType::bfloat16, random_values(4 * inputs * outputs, 2))};
  CHECK(relative_difference(Emulator<Tile>(p).run(), expected(p)) < 1e-5);
}

}  // namespace

TEST_CASE("upsampling's input gradient: followed on the CPU it is right") {
  check<UpsamplingInputTile<64, 1, 32>>(5, 33, 64, 32);
  check<UpsamplingInputTile<64, 2, 64>>(9, 7, 64, 128);
  check<UpsamplingInputTile<128, 1, 64>>(1, 40, 256, 64);
  check<UpsamplingInputTile<128, 2, 32>>(8, 32, 128, 32);
}

TEST_CASE("upsampling's input gradient: every pixel of a tile is one thread's") {
  using Tile = UpsamplingInputTile<64, 2, 64>;
  std::vector<int> seen(Tile::pixels);
  for (int block = 0; block < Tile::warpgroups * Tile::blocks; ++block)
    for (int thread = 0; thread < 128; thread += 4)  // four have different channels
      for (const int half : {0, 1}) {
        const WidePixel at = Tile::pixel(block, thread, half);
        ++seen.at(static_cast<std::size_t>(at.row * Tile::width + at.column));
      }
  CHECK(seen == std::vector<int>(Tile::pixels, 1));
}
