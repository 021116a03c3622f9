#include "core/backend/crop_pixel.h"
#include "core/backend/host/host_ops.h"
#include "core/base/parallel.h"

namespace limpid {
namespace {

class HostCrops : public Crops {
 public:
  explicit HostCrops(const CropsDesc& desc) : desc_(desc) {}

  void make(std::span<const Crop> crops,
            std::uint64_t seed,
            const Tensor& input,
            const Tensor& target,
            const Tensor& loss_weight) override {
    require_fitting(crops, desc_);
    const std::int64_t size = desc_.size_px;
    parallel_for(desc_.batch_size * size, 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const CropPixels pixels(crops[static_cast<std::size_t>(line / size)], size);
        const std::int64_t row = line % size;
        for (std::int64_t column = 0; column < size; ++column) {
          const std::int64_t from = pixels.place(row, column);
          const CropPixel pixel =
              pixels.finish(pixels.input[from], pixels.target[from], seed, row * size + column);
          input.data_as<float>()[line * size + column] = pixel.input;
          target.data_as<float>()[line * size + column] = pixel.target;
        }
      }
    });
    for (std::size_t i = 0; i < crops.size(); ++i)
      loss_weight.data_as<float>()[i] = crops[i].loss_weight;
  }

 private:
  CropsDesc desc_;
};

}  // namespace

std::unique_ptr<Crops> make_host_crops(const CropsDesc& desc) {
  return std::make_unique<HostCrops>(desc);
}

}  // namespace limpid
