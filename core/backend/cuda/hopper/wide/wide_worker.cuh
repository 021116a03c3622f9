#pragma once

#include "core/backend/cuda/hopper/row_copy.cuh"
#include "core/backend/cuda/hopper/wgmma.cuh"
#include "core/backend/cuda/hopper/wide/wide_epilogue.cuh"

// What a block of threads of the products of many channels does (wide_convolution.cu,
// upsampling_input_gradient.cu): one thread loads, two warpgroups multiply and store. A Tile
// (wide_convolution_layout.h) says where its operands lie.
namespace limpid::cuda {

// `Loader` holds the tensors, knows how many boxes of the input a tile has, and starts the copies
// of a box and of the weights of one of its taps.
template <class Loader>
struct WideArguments {
  WideWork work;
  Loader loader;
  WideResult result;
};

// Slots of shared memory that are filled and read in a circle.
template <int slots, int slot_bytes>
struct WideRing {
  std::uint32_t first;     // slot
  std::uint32_t barriers;  // of the first slot: full, read
  int slot = 0;
  unsigned round = 0;  // its last bit

  __device__ std::uint32_t address() const { return first + slot * slot_bytes; }
  __device__ std::uint32_t full() const { return barriers + 16 * slot; }
  __device__ std::uint32_t read() const { return full() + 8; }
  __device__ void advance() {
    if (++slot == slots) {
      slot = 0;
      round ^= 1u;
    }
  }
  __device__ void init(int readers) const {
    for (int i = 0; i < slots; ++i) {
      init_row_barrier(barriers + 16 * i);
      init_row_barrier(barriers + 16 * i + 8, readers);
    }
  }
};

template <class Tile>
struct WideMemory {
  WideRing<Tile::input_slots, Tile::input_slot_bytes> input;
  WideRing<Tile::weight_slots, Tile::weight_bytes> weight;

  __device__ explicit WideMemory(std::uint32_t shared)
      : input{shared, shared + Tile::barriers_start},
        weight{shared + Tile::weights_start,
               shared + Tile::barriers_start + 16 * Tile::input_slots} {}
};

// By one thread.
template <class Tile, class Loader>
__device__ void load_tiles(const WideArguments<Loader>& a, WideMemory<Tile> memory) {
  auto& [input, weight] = memory;
  for (int i = blockIdx.x; i < a.work.items(); i += gridDim.x) {
    const WideWork::Item at = a.work.template item<Tile>(i);
    for (int box = 0; box < a.loader.boxes; ++box, input.advance()) {
      wait_for_row(input.read(), input.round ^ 1u);
      expect_bytes(input.full(), Tile::input_bytes);
      a.loader.template load_input<Tile>(at, box, input.address(), input.full());
      for (int tap = 0; tap < Tile::taps; ++tap, weight.advance()) {
        wait_for_row(weight.read(), weight.round ^ 1u);
        expect_bytes(weight.full(), Tile::weight_bytes);
        a.loader.template load_weights<Tile>(at, box, tap, weight.address(), weight.full());
      }
    }
  }
}

// One of the two warpgroups.
template <class Tile, class Loader>
class WideWorker {
 public:
  __device__ WideWorker(const WideArguments<Loader>& arguments,
                        WideMemory<Tile> memory,
                        int warpgroup)
      : a_(arguments),
        input_(memory.input),
        weight_(memory.weight),
        epilogue_(arguments.work, arguments.result, warpgroup),
        warpgroup_(warpgroup) {}

  // The second warpgroup begins some taps after the first, so that one multiplies while the other
  // stores.
  __device__ void run() {
    if (warpgroup_ == 1)
      asm volatile("bar.sync 1, 256;" ::: "memory");
    bool is_first = warpgroup_ == 0;
    for (int i = blockIdx.x; i < a_.work.items(); i += gridDim.x) {
      epilogue_.start(a_.work.template item<Tile>(i));
#pragma unroll
      for (auto& block : sums_)
#pragma unroll
        for (float& sum : block)
          sum = 0.0f;
#pragma unroll
      for (auto& block : sums_)
        wgmma::hold(block);
#pragma unroll 1
      for (int box = 0; box < a_.loader.boxes; ++box, is_first = false)
        multiply_box(is_first);
      epilogue_.load(0);
      wgmma::wait<0>();
#pragma unroll
      for (auto& block : sums_)
        wgmma::hold(block);
      release();
#pragma unroll
      for (int block = 0; block < Tile::blocks; ++block) {
        if (block > 0)
          epilogue_.load(block);
        epilogue_.store(block, sums_[block]);
      }
    }
  }

 private:
  __device__ static int lane() {
    return static_cast<int>(threadIdx.x) % 32;
  }

  // Products of a tap are under way when those of the tap before are waited for.
  __device__ void multiply_box(bool is_first) {
    wait_for_row(input_.full(), input_.round);
    const std::uint64_t pixels = Tile::input_matrix(input_.address(), warpgroup_);
#pragma unroll
    for (int tap = 0; tap < Tile::taps; ++tap) {
      wait_for_row(weight_.full(), weight_.round);
      const std::uint64_t weights = Tile::weight_matrix(weight_.address());
      wgmma::begin_more();
#pragma unroll
      for (int product = 0; product < Tile::products; ++product)
#pragma unroll
        for (int block = 0; block < Tile::blocks; ++block)
          wgmma::multiply<wgmma::Contiguous::k, Tile::weight_order>(
              sums_[block],
              pixels + Tile::input_step(tap, block, product),
              weights + Tile::weight_step(product));
      wgmma::commit();
      wgmma::wait<1>();
      release();
      read_weight_ = weight_.read();
      if (tap == Tile::taps - 1)
        read_input_ = input_.read();
      weight_.advance();
      if (tap == Tile::lead_taps - 1 && is_first)
        asm volatile("bar.arrive 1, 256;" ::: "memory");
    }
    input_.advance();
  }

  // Says that what finished products have read may be written again.
  __device__ void release() {
    if (lane() == 0 && read_weight_ != 0)
      arrive(read_weight_);
    if (lane() == 0 && read_input_ != 0)
      arrive(read_input_);
    read_weight_ = read_input_ = 0;
  }

  const WideArguments<Loader>& a_;
  WideRing<Tile::input_slots, Tile::input_slot_bytes> input_;
  WideRing<Tile::weight_slots, Tile::weight_bytes> weight_;
  WideEpilogue<Tile> epilogue_;
  int warpgroup_;
  std::uint32_t read_weight_ = 0;  // barriers of what products under way read
  std::uint32_t read_input_ = 0;
  float sums_[Tile::blocks][Tile::accumulators];
};

// By all threads of the block.
template <class Tile, class Loader>
__device__ void run_wide_block(const WideArguments<Loader>& arguments, unsigned char* shared) {
  const WideMemory<Tile> memory(static_cast<std::uint32_t>(__cvta_generic_to_shared(shared)));
  if (threadIdx.x == 0) {
    memory.input.init(Tile::multiplying_warps);
    memory.weight.init(Tile::multiplying_warps);
  }
  wgmma::fence_shared_writes();
  __syncthreads();

  // The shuffle tells the compiler that all threads of a warp agree.
  const int warp = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / 32, 0);
  // Registers that loading does not need go to those that multiply: 3 x 168 in all.
  if (warp < Tile::multiplying_warps) {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    WideWorker<Tile, Loader>(arguments, memory, warp / 4).run();
  } else {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (threadIdx.x == 32 * Tile::multiplying_warps)
      load_tiles<Tile>(arguments, memory);
  }
}

}  // namespace limpid::cuda
