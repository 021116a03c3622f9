#pragma once

#include <cstdint>

// A warp's matrix instructions and asynchronous copies, as functions. Addresses of shared memory
// are 32-bit, as __cvta_generic_to_shared() gives them. From compute capability 8.0 on.
//
// mma.m16n8k16 adds A (16 x 16) times B (16 x 8) to C (16 x 8). Thread `lane` holds the elements
//   A: rows lane / 4 and 8 more, columns 2 * (lane % 4), the next, and 8 more: registers (row,
//   column)
//      (0, 0), (8, 0), (0, 8), (8, 8), two neighbouring columns each;
//   B: column lane / 4, rows 2 * (lane % 4), the next, and 8 more;
//   C: rows lane / 4 and 8 more, columns 2 * (lane % 4) and the next.
// load_matrices() reads four 8 x 8 matrices, matrix lane / 8 of which has its row lane % 8 at the
// address that `lane` gives; a thread gets row lane / 4, columns 2 * (lane % 4) and the next, and
// of transposed ones column lane / 4, rows 2 * (lane % 4) and the next.
namespace limpid::cuda {

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

__device__ inline void load_matrices(std::uint32_t (&r)[4], std::uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}

__device__ inline void load_transposed_matrices(std::uint32_t (&r)[4], std::uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}

__device__ inline void multiply_add(float (&sums)[4],
                                    const std::uint32_t (&a)[4],
                                    std::uint32_t b_low,
                                    std::uint32_t b_high) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_low), "r"(b_high));
}

// 16 bytes; zeros where `inside` is false.
__device__ inline void copy_async(std::uint32_t to, const void* from, bool inside) {
  asm volatile(
      "cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(inside ? 16 : 0)
      : "memory");
}

__device__ inline void end_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int Pending>
__device__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
}

#endif

}  // namespace limpid::cuda
