#include "plugin/training/example_picture.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/infer/denoiser.h"
#include "plugin/trust/trust_window.h"

namespace limpid {

std::optional<ComparisonPicture> example_picture(Backend& backend,
                                                 const Model& model,
                                                 const PairSource& pairs,
                                                 std::int64_t index,
                                                 bool target_is_truth) {
  try {
    const ImagePair pair = pairs.load(index);
    Image raw = trust_window(pair.input);
    const Image target = trust_window(pair.target_image());
    if (pair.symmetric)
      for (std::size_t i = 0; i < raw.pixels().size(); ++i)
        raw.pixels()[i] = 0.5f * (raw.pixels()[i] + target.pixels()[i]);
    Image denoised = raw;
    Denoiser(backend, model, {}).denoise(denoised);
    return make_comparison({.title = pairs.name(index) + " (not learnt from)",
                            .pixel_size_angstrom = model.description.smallest_pixel_size_angstrom,
                            .raw = &raw,
                            .denoised = &denoised,
                            .truth = target_is_truth ? &target : nullptr});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)
      throw;
    log_warning("no picture of the result: {}", error.what());
    return std::nullopt;
  }
}

}  // namespace limpid
