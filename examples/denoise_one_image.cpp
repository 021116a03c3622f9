// Denoises one micrograph with the library alone:
//   denoise_one_image MODEL.safetensors INPUT OUTPUT.mrc

#include "core/backend/registry.h"
#include "core/base/error.h"
#include "core/infer/denoiser.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc_writer.h"
#include "core/nn/model.h"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s MODEL.safetensors INPUT OUTPUT.mrc\n", argv[0]);
    return 2;
  }
  try {
    const auto backend = limpid::make_backend({});  // a GPU if one works, else the CPU
    limpid::Denoiser denoiser(*backend, limpid::load_model(argv[1]), {});

    limpid::Micrograph micrograph = limpid::read_micrograph(argv[2]);
    const auto report = denoiser.denoise(micrograph.pixels);
    limpid::write_mrc(argv[3],
                      micrograph.pixels,
                      {.pixel_size_angstrom = micrograph.pixel_size_angstrom,
                       .metadata = micrograph.metadata,
                       .label = "denoise_one_image"});
    std::printf("%s: mean %g, sigma %g, tiles of %lld x %lld px on %s\n",
                argv[3],
                report.scale.mean,
                report.scale.sigma,
                static_cast<long long>(report.network.tile_width),
                static_cast<long long>(report.network.tile_height),
                backend->name().c_str());
  } catch (const limpid::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
