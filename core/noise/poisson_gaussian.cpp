#include "core/noise/poisson_gaussian.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/image.h"

namespace limpid {

void add_noise(const Image& clean,
               Image& noisy,
               const NoiseModel& model,
               std::uint64_t seed,
               std::uint64_t stream) {
  if (!is_finite(model.electrons_per_unit) || model.electrons_per_unit < 0.0f)
    fail(ErrorKind::usage,
         "adding noise: {} electrons per unit, expected 0 or more",
         model.electrons_per_unit);
  if (!is_finite(model.sigma) || model.sigma < 0.0f)
    fail(ErrorKind::usage, "adding noise: a sigma of {}, expected 0 or more", model.sigma);
  if (noisy.width() != clean.width() || noisy.height() != clean.height())
    noisy = Image(clean.width(), clean.height());
  const float* const source = clean.pixels().data();
  float* const destination = noisy.pixels().data();
  parallel_for(clean.pixel_count(), 8192, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      destination[i] = noisy_pixel(source[i], model, seed, stream, static_cast<std::uint64_t>(i));
  });
}

}  // namespace limpid
