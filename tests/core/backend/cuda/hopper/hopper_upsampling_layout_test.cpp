#include "core/backend/cuda/hopper/hopper_upsampling_layout.h"

#include "core/tensor/data_type.h"
#include "tests/support/catch.h"
#include "tests/support/tensors.h"

#include <cstring>
#include <limits>
#include <vector>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;
namespace layout = limpid::cuda::hopper_upsampling_layout;

// A tile of the kernel followed on the CPU: its shared memory, its descriptors, and the sums of its
// threads, with a model of the matrix instruction that reads its operands as the PTX manual says.
namespace {

constexpr int inputs = 2 * layout::chunk;
constexpr int steps = inputs / layout::chunk;
constexpr std::uint32_t slots_begin = layout::weight_bytes(inputs);

class SharedMemory {
 public:
  SharedMemory() : bytes_(slots_begin + steps * layout::slot_bytes, std::byte{0xff}) {}  // NaN

  template <class T>
  void put(std::uint32_t address, const T* values, std::size_t count) {
    REQUIRE(address + count * sizeof(T) <= bytes_.size());
    std::memcpy(bytes_.data() + address, values, count * sizeof(T));
  }
  float element(std::uint32_t address) const {
    BFloat16 value;
    std::memcpy(&value, bytes_.data() + address, sizeof value);
    return static_cast<float>(value);
  }

 private:
  std::vector<std::byte> bytes_;
};

float product(const SharedMemory& memory,
              std::uint64_t pixels,
              std::uint64_t weights,
              const wgmma::Place& place) {
  float sum = 0;
  for (int k = 0; k < wgmma::depth; ++k)
    sum += memory.element(wgmma::element_address_bytes(pixels, place.row, k)) *
           memory.element(
               wgmma::element_address_bytes(weights, place.column, k, wgmma::Contiguous::row));
  return sum;
}

}  // namespace

TEST_CASE("upsampling on Hopper: followed on the CPU it is the product of pixels and weights") {
  const auto pixels = random_values(layout::tile_rows * inputs, 1);
  const auto weights = random_values(inputs * layout::tile_columns, 2);
  const auto pixel = [&](int row, int input) {
    return BFloat16(pixels[static_cast<std::size_t>(row * inputs + input)]);
  };
  const auto weight = [&](int input, int column) {
    return BFloat16(weights[static_cast<std::size_t>(input * layout::tile_columns + column)]);
  };

  SharedMemory memory;
  for (int input = 0; input < inputs; ++input)
    for (int column = 0; column < layout::tile_columns; column += 2) {
      const BFloat16 pair[] = {weight(input, column), weight(input, column + 1)};
      memory.put(
          layout::weight_offset(input, column / 32, column % 32 / 8, column % 8 / 2), pair, 2);
    }
  const auto slot = [](int step) {
    return slots_begin + static_cast<std::uint32_t>(step * layout::slot_bytes);
  };
  for (int row = 0; row < layout::tile_rows; ++row)
    for (int input = 0; input < inputs; input += 8) {
      BFloat16 piece[8];
      for (int i = 0; i < 8; ++i)
        piece[i] = pixel(row, input + i);
      const int step = input / layout::chunk;
      memory.put(slot(step) + layout::pixel_offset(row, input % layout::chunk / 8), piece, 8);
    }

  std::vector<float> found(layout::tile_rows * layout::tile_columns,
                           std::numeric_limits<float>::quiet_NaN());
  for (int thread = 0; thread < layout::threads; ++thread) {
    const int warpgroup = thread / layout::warpgroup_threads;
    const int of_warpgroup = thread % layout::warpgroup_threads;
    float sums[layout::sums] = {};
    for (int step = 0; step < steps; ++step)
      for (int p = 0; p < layout::products; ++p)
        for (int i = 0; i < layout::sums; ++i)
          sums[i] += product(memory,
                             layout::pixel_matrix(slot(step), warpgroup, p),
                             layout::weight_matrix(0, step, p),
                             wgmma::accumulator_place(of_warpgroup, i));
    for (int group = 0; group < layout::tile_columns / 32; ++group)
      for (int half = 0; half < 2; ++half)
        for (int j = 0; j < 8; ++j) {
          const int row = warpgroup * wgmma::rows + layout::first_row(of_warpgroup) + 8 * half;
          const int column = layout::first_column(of_warpgroup, group) + j;
          found[static_cast<std::size_t>(row * layout::tile_columns + column)] =
              sums[layout::first_sum(group, half, j / 2) + j % 2];
        }
  }

  std::vector<float> expected(found.size());
  for (int row = 0; row < layout::tile_rows; ++row)
    for (int column = 0; column < layout::tile_columns; ++column)
      for (int input = 0; input < inputs; ++input)
        expected[static_cast<std::size_t>(row * layout::tile_columns + column)] +=
            static_cast<float>(pixel(row, input)) * static_cast<float>(weight(input, column));
  CHECK(relative_difference(found, expected) < 1e-6);
}

TEST_CASE("upsampling on Hopper: eight pixels of an operand meet no bank twice") {
  for (int piece = 0; piece < layout::chunk / 8; ++piece) {
    std::uint32_t banks = 0;
    for (int row = 0; row < 8; ++row)
      banks |= 1u << layout::pixel_offset(row, piece) / 16 % 8;
    CHECK(banks == 0xffu);
  }
}
