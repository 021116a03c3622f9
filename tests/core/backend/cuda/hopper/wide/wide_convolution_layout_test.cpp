#include "core/backend/cuda/hopper/wide/wide_convolution_layout.h"

#include "core/backend/cuda/hopper/quad_words.h"
#include "tests/core/backend/cuda/hopper/convolution_problem.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <set>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

// The tensor-core convolution of many channels followed step by step on the CPU: the same shared
// memory, descriptors and places of results, with a model of the matrix instruction that reads its
// operands as the PTX manual says. What it computes is compared with the reference backend.
namespace {

constexpr auto forward = ConvolutionResult::output;
constexpr auto backward = ConvolutionResult::gradient;

template <class Tile>
class Emulator {
 public:
  explicit Emulator(Problem& problem)
      : p_(problem), shared_(Tile::shared_bytes, std::byte{0xff}) {}  // NaN

  void run() {
    const Shape& to = p_.output.shape;
    work_ = divide_wide<Tile>(static_cast<int>(to.batch),
                              static_cast<int>(to.height),
                              static_cast<int>(to.width),
                              static_cast<int>(to.channels));
    for (int i = 0; i < work_.items(); ++i)
      run(work_.template item<Tile>(i));
  }

 private:
  static constexpr int blocks = Tile::warpgroups * Tile::blocks;

  float weight(int output, int tap, int input) const {
    const auto inputs = static_cast<int>(p_.input.shape.channels);
    const auto outputs = static_cast<int>(p_.output.shape.channels);
    return p_.weight[static_cast<std::size_t>(p_.backward ? (input * 9 + tap) * outputs + output
                                                          : (output * 9 + tap) * inputs + input)];
  }

  void put(int box, int offset, BFloat16 value) {
    REQUIRE(box % Tile::alignment == 0);
    const auto at =
        wgmma::swizzled(static_cast<std::uint32_t>(box + offset), wgmma::Swizzle::bytes_128);
    std::memcpy(&shared_.at(at + 1) - 1, &value, sizeof value);
  }
  float get(std::uint32_t offset) const {
    BFloat16 value;
    std::memcpy(&value, &shared_.at(offset + 1) - 1, sizeof value);
    return static_cast<float>(value);
  }

  // What the tensor memory accelerator does.
  void load_input(const WideWork::Item& item, int chunk, int slot) {
    for (int row = 0; row < Tile::box_height; ++row)
      for (int column = 0; column < Tile::box_width; ++column)
        for (int channel = 0; channel < Tile::chunk; ++channel) {
          const int x = item.x - 1 + column;
          const int y = item.y - 1 + row;
          const bool inside = x >= 0 && x < work_.width && y >= 0 && y < work_.height;
          put(slot,
              (row * Tile::box_width + column) * Tile::pixel_bytes + 2 * channel,
              inside ? *p_.input.at(item.image, y, x, chunk * Tile::chunk + channel)
                     : BFloat16(0.0f));
        }
  }
  void load_weights(const WideWork::Item& item, int chunk, int tap, int slot) {
    for (int box = 0; box < Tile::weight_boxes; ++box)
      for (int row = 0; row < Tile::weight_box_rows; ++row)
        for (int i = 0; i < 64; ++i) {
          const int output = item.first_output + (Tile::backward ? 64 * box + i : row);
          const int input = chunk * Tile::chunk + (Tile::backward ? row : i);
          put(slot + box * Tile::weight_box_bytes,
              row * Tile::pixel_bytes + 2 * i,
              BFloat16(weight(output, Tile::weight_tap(tap), input)));
        }
  }

  // What wgmma.mma_async does.
  void multiply(std::uint64_t a, std::uint64_t b, std::vector<float>& sums) const {
    std::vector<float> right;
    for (int n = 0; n < Tile::outputs; ++n)
      for (int k = 0; k < wgmma::depth; ++k)
        right.push_back(get(wgmma::element_address_bytes(b, n, k, Tile::weight_order)));
    for (int m = 0; m < wgmma::rows; ++m)
      for (int k = 0; k < wgmma::depth; ++k) {
        const float left = get(wgmma::element_address_bytes(a, m, k));
        for (int n = 0; n < Tile::outputs; ++n)
          sums[static_cast<std::size_t>(m * Tile::outputs + n)] +=
              left * right[static_cast<std::size_t>(n * wgmma::depth + k)];
      }
  }

  void run(const WideWork::Item& item) {
    std::vector<std::vector<float>> sums(
        blocks, std::vector<float>(static_cast<std::size_t>(wgmma::rows) * Tile::outputs));
    const auto chunks = static_cast<int>(p_.input.shape.channels) / Tile::chunk;
    for (int chunk = 0, step = 0; chunk < chunks; ++chunk) {
      const int input = chunk % Tile::input_slots * Tile::input_slot_bytes;
      load_input(item, chunk, input);
      for (int tap = 0; tap < Tile::taps; ++tap, ++step) {
        const int weights = Tile::weights_start + step % Tile::weight_slots * Tile::weight_bytes;
        load_weights(item, chunk, tap, weights);
        for (int product = 0; product < Tile::products; ++product)
          for (int b = 0; b < blocks; ++b)
            multiply(
                Tile::input_matrix(static_cast<std::uint32_t>(input), b / Tile::blocks) +
                    static_cast<std::uint64_t>(Tile::input_step(tap, b % Tile::blocks, product)),
                Tile::weight_matrix(static_cast<std::uint32_t>(weights)) +
                    static_cast<std::uint64_t>(Tile::weight_step(product)),
                sums[static_cast<std::size_t>(b)]);
      }
    }
    for (int b = 0; b < blocks; ++b)
      store(item, b, sums[static_cast<std::size_t>(b)]);
  }

  // By the accumulators of the threads.
  void store(const WideWork::Item& item, int block, const std::vector<float>& sums) {
    for (int thread = 0; thread < 128; ++thread)
      for (int i = 0; i < Tile::accumulators; ++i) {
        const WidePixel at = Tile::pixel(block, thread, i / 2 % 2);
        const int y = item.y + at.row;
        const int x = item.x + at.column;
        const wgmma::Place place = wgmma::accumulator_place(thread, i);
        const int channel = item.first_output + place.column;
        if (y >= work_.height || x >= work_.width)
          continue;
        float value = sums[static_cast<std::size_t>(place.row * Tile::outputs + place.column)];
        if (p_.backward)
          value *= activation_derivative(
              p_.activation, static_cast<float>(*p_.mask.at(item.image, y, x, channel)));
        else
          value = activate(p_.activation, value + p_.bias[static_cast<std::size_t>(channel)]);
        *p_.output.at(item.image, y, x, channel) = BFloat16(value);
      }
  }

  Problem& p_;
  WideWork work_;
  std::vector<std::byte> shared_;
};

template <int outputs, int blocks>
void check(const Shape& input, int all_outputs, Activation activation) {
  INFO(input.channels << " to " << all_outputs << " channels, " << input.width << " x "
                      << input.height << ", " << blocks << " blocks");
  Problem p = make_problem(input, all_outputs, activation, false);
  Emulator<WideTile<outputs, blocks, forward>>(p).run();
  CHECK(relative_difference(p.output.get(), expected(p)) < 3e-3);
  Problem g = make_problem(input, all_outputs, activation, true);
  Emulator<WideTile<outputs, blocks, backward>>(g).run();
  CHECK(relative_difference(g.output.get(), expected(g)) < 3e-3);
}

}  // namespace

TEST_CASE("wide convolution: followed on the CPU it agrees with the reference") {
  check<64, 1>({2, 17, 9, 64}, 64, Activation::relu);
  check<64, 2>({1, 33, 10, 128}, 64, Activation::leaky_relu);
  check<128, 1>({1, 5, 8, 64}, 256, Activation::relu);
  check<128, 2>({1, 32, 7, 192}, 128, Activation::none);
}

TEST_CASE("wide convolution: every pixel and channel is one item's") {
  using Tile = WideTile<64, 2, forward>;
  const WideWork work = divide_wide<Tile>(2, 37, 21, 192);
  std::set<std::array<int, 4>> corners;
  for (int i = 0; i < work.items(); ++i) {
    const WideWork::Item item = work.item<Tile>(i);
    CHECK((item.x % Tile::width == 0 && item.y % Tile::height == 0));
    corners.insert({item.image, item.y, item.x, item.first_output});
  }
  CHECK(corners.size() == 2 * 2 * 3 * 3);
  CHECK(static_cast<int>(corners.size()) == work.items());
}

TEMPLATE_TEST_CASE("wide convolution: reading operands meets no bank twice",
                   "",
                   (WideTile<64, 1, forward>),
                   (WideTile<128, 2, forward>),
                   (WideTile<128, 2, backward>)) {
  for (int tap = 0; tap < TestType::taps; ++tap)
    for (int product = 0; product < TestType::products; ++product)
      for (const int k : {0, 8}) {
        const auto a = TestType::input_matrix(0, 1) +
                       static_cast<std::uint64_t>(TestType::input_step(tap, 0, product));
        std::set<std::uint32_t> banks;  // of 16 bytes
        for (int pixel = 0; pixel < 8; ++pixel)
          banks.insert(wgmma::element_address_bytes(a, pixel, k) / 16 % 8);
        CHECK(banks.size() == 8);
      }
}

// One thread has both pixels of a column of 2 x 2, and its partner those beside them.
TEMPLATE_TEST_CASE("wide convolution: squares lie in pairs of threads",
                   "",
                   (WideTile<64, 1, forward>),
                   (WideTile<128, 2, forward>)) {
  CHECK((TestType::width % 2 == 0 && TestType::height % 2 == 0));
  for (int block = 0; block < TestType::warpgroups * TestType::blocks; ++block)
    for (int thread = 0; thread < 128; ++thread) {
      const WidePixel upper = TestType::pixel(block, thread, 0);
      const WidePixel lower = TestType::pixel(block, thread, 1);
      const WidePixel partner = TestType::pixel(block, thread ^ pool_partner, 0);
      CHECK((upper.row % 2 == 0 && lower.row == upper.row + 1 && lower.column == upper.column));
      CHECK((upper.column % 2 == 1) == is_right_of_pair(thread));
      CHECK((partner.row == upper.row && partner.column == (upper.column ^ 1)));
    }
}
