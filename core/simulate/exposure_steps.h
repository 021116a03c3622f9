#pragma once

#include "core/simulate/detector.h"
#include "core/simulate/exposure_kernels.h"
#include "core/simulate/exposure_plan.h"
#include "core/simulate/fourier_passes.h"
#include "core/simulate/landscape_kernels.h"
#include "core/simulate/random_streams.h"
#include "core/simulate/recording_kernels.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace limpid {

// The image of an exposure, in the order of simulate_micrograph(): the same scene and random
// numbers, equal to it but for rounding. Where rounding decides about a draw, about once in a
// million, the rest of that row of pixels may see other noise of the same kind.
//
// `Device` runs steps one after the other, each for many elements in parallel:
//   T* take<T>(count)          memory until the exposure ends, not initialised
//   T* upload(span<const T>)   the same with a copy of the values
//   void zero(T*, count)
//   void each(count, step)     step(i) for 0 <= i < count, quick steps of neighbours
//   void rows(count, step)     the same for long steps that differ in length
template <class Device>
class Exposure {
 public:
  Exposure(const ExposurePlan& plan, Device& device)
      : plan_(plan),
        device_(device),
        field_{static_cast<std::uint32_t>(plan.field.width),
               static_cast<std::uint32_t>(plan.field.height),
               plan.field.pixel_size_angstrom},
        image_{static_cast<std::uint32_t>(plan.field.margin_x_px),
               static_cast<std::uint32_t>(plan.field.margin_y_px),
               static_cast<std::uint32_t>(plan.field.image_width),
               static_cast<std::uint32_t>(plan.field.image_height)},
        scale_(1.0f / static_cast<float>(field_.pixel_count())),
        planes_{take<PlainComplex>(field_.pixel_count()),
                take<PlainComplex>(field_.pixel_count())} {
    for (const std::uint32_t length : {field_.width, field_.height})
      if (!roots_.contains(length))
        roots_[length] = upload(roots_of_unity(length));
  }

  // In the memory of the device, both of the size of the image.
  struct Images {
    const float* micrograph;
    const float* truth;
  };
  Images make() {
    form_landscape();
    form_contrasts();
    PlainComplex* grains = nullptr;
    float* truth = take<float>(image_.pixel_count());
    {
      const PlainComplex* grain = form_grain();
      join(truth_contrast_, grain);
      transform(-1);
      if (grain != nullptr) {
        // The other plane is used on.
        grains = take<PlainComplex>(field_.pixel_count());
        std::swap(grains, planes_[0]);
      }
      device_.each(image_.pixel_count(),
                   IlluminateTruth{field_,
                                   image_,
                                   grains != nullptr ? grains : planes_[0],
                                   scale_,
                                   transmission_,
                                   static_cast<float>(plan_.truth_scale),
                                   truth});
    }
    join(contrasts_[0], contrasts_[1]);
    transform(-1);
    float* expected[2] = {take<float>(field_.pixel_count()), take<float>(field_.pixel_count())};
    device_.each(
        field_.pixel_count(),
        Illuminate{planes_[0],
                   scale_,
                   transmission_,
                   grains != nullptr ? film_ : nullptr,
                   grains,
                   {static_cast<float>(plan_.electrons[0]), static_cast<float>(plan_.electrons[1])},
                   {expected[0], expected[1]}});
    record(expected);
    return {read_out(), truth};
  }

 private:
  template <class Value>
  Value* take(std::size_t count) {
    return device_.template take<Value>(count);
  }
  template <class Value>
  const Value* upload(const std::vector<Value>& values) {
    return device_.upload(std::span<const Value>(values));
  }
  // Of tables that may be empty.
  template <class Value>
  const Value* upload_some(const std::vector<Value>& values) {
    return values.empty() ? nullptr : upload(values);
  }

  // Of planes_[0], without a factor; the result is there, too. `sign` -1: the inverse.
  void transform(float sign) {
    for (const bool is_along_rows : {true, false}) {
      FourierPass pass;
      pass.length = is_along_rows ? field_.width : field_.height;
      pass.width = field_.width;
      pass.is_along_rows = is_along_rows;
      pass.sign = sign;
      for (const std::uint32_t radix : split_into_radices(pass.length)) {
        run_pass(radix, pass);
        pass.done *= radix;
        std::swap(planes_[0], planes_[1]);
      }
    }
  }
  void run_pass(std::uint32_t radix, const FourierPass& pass) {
    switch (radix) {
      case 2:
        return run_butterflies<2>(pass);
      case 3:
        return run_butterflies<3>(pass);
      case 4:
        return run_butterflies<4>(pass);
      case 5:
        return run_butterflies<5>(pass);
      case 7:
        return run_butterflies<7>(pass);
      default:
        return run_butterflies<8>(pass);
    }
  }
  template <int radix>
  void run_butterflies(const FourierPass& pass) {
    device_.each(field_.pixel_count() / radix,
                 FourierButterfly<radix>{pass, planes_[0], planes_[1], roots_.at(pass.length)});
  }
  void join(const PlainComplex* first, const PlainComplex* second) {
    device_.each(field_.pixel_count(), JoinSpectra{field_, first, second, planes_[0]});
  }

  std::uint64_t stream(RandomPurpose purpose) const {
    return random_stream(plan_.micrograph_index, purpose);
  }

  void form_landscape() {
    const LandscapePlan& landscape = plan_.landscape;
    transmission_ = take<float>(field_.pixel_count());
    if (landscape.has_phase())
      film_phase_ = take<float>(field_.pixel_count());
    if (landscape.shape.has_film)
      film_ = take<float>(field_.pixel_count());
    device_.each(field_.pixel_count(),
                 FormLandscape{landscape.shape,
                               upload_some(landscape.lumps),
                               static_cast<std::uint32_t>(landscape.lumps.size()),
                               upload_some(landscape.wave_columns),
                               upload_some(landscape.wave_rows),
                               transmission_,
                               film_phase_,
                               film_});
  }

  const PlainComplex* form_particles() {
    if (plan_.slab_count == 0)
      return nullptr;
    const std::size_t plane = field_.pixel_count();
    const auto slab_count = static_cast<std::size_t>(plan_.slab_count);
    auto* sums = take<std::int64_t>(slab_count * plane);
    device_.zero(sums, slab_count * plane);
    const auto& table = spreading_table();
    device_.each(
        static_cast<std::uint32_t>(plan_.place_count),
        SpreadScatterer{field_,
                        upload(plan_.scatterers),
                        upload(plan_.particles),
                        static_cast<std::uint32_t>(plan_.particles.size()),
                        device_.upload(std::span<const std::array<float, spreading_row>>(table)),
                        plan_.first_slab,
                        plan_.slab_count,
                        static_cast<float>(plan_.slab_thickness_angstrom),
                        {plan_.weight_quantum[0], plan_.weight_quantum[1]},
                        sums});
    auto* contrast = take<PlainComplex>(field_.half_count());
    const auto* rows = upload(plan_.scattering_rows);
    const float* columns_kernel = upload(plan_.kernel_of_columns);
    const float* rows_kernel = upload(plan_.kernel_of_rows);
    for (std::size_t slab = 0; slab < slab_count; ++slab) {
      device_.each(
          field_.pixel_count(),
          UnpackSums{
              sums + slab * plane, {plan_.weight_quantum[0], plan_.weight_quantum[1]}, planes_[0]});
      transform(1);
      const double height =
          static_cast<double>(plan_.first_slab + static_cast<std::int64_t>(slab)) *
          static_cast<double>(static_cast<float>(plan_.slab_thickness_angstrom));
      device_.each(field_.half_count(),
                   AddSlab{field_,
                           plan_.phase,
                           height,
                           rows,
                           columns_kernel,
                           rows_kernel,
                           planes_[0],
                           slab == 0,
                           contrast});
    }
    return contrast;
  }

  const PlainComplex* form_film() {
    if (film_phase_ == nullptr)
      return nullptr;
    device_.each(field_.pixel_count(), JoinImages{film_phase_, nullptr, planes_[0]});
    transform(1);
    auto* contrast = take<PlainComplex>(field_.half_count());
    device_.each(field_.half_count(),
                 FilmContrast{field_, plan_.phase, plan_.alpha, planes_[0], contrast});
    return contrast;
  }

  const PlainComplex* form_grain() {
    if (plan_.grain_rows.empty())
      return nullptr;
    auto* grain = take<PlainComplex>(field_.half_count());
    device_.each(field_.half_count(),
                 FilmGrain{field_,
                           plan_.phase,
                           upload(plan_.grain_rows),
                           plan_.seed,
                           stream(RandomPurpose::carbon),
                           grain});
    return grain;
  }

  void form_contrasts() {
    const PlainComplex* particles = form_particles();
    const PlainComplex* film = form_film();
    for (PlainComplex*& contrast : contrasts_)
      contrast = take<PlainComplex>(field_.half_count());
    truth_contrast_ = take<PlainComplex>(field_.half_count());
    device_.each(field_.half_count(),
                 FormHalves{field_,
                            plan_.phase,
                            plan_.alpha,
                            plan_.ice_thickness_angstrom,
                            plan_.has_ice_noise,
                            plan_.even_share,
                            upload(plan_.half_rows),
                            plan_.seed,
                            stream(RandomPurpose::ice),
                            particles,
                            film,
                            contrasts_[0],
                            contrasts_[1],
                            truth_contrast_});
  }

  // To halves_, from the electrons that are expected in the field.
  void record(float* const (&expected)[2]) {
    for (float*& half : halves_)
      half = take<float>(image_.pixel_count());
    const LogFactorials* factorials =
        device_.upload(std::span<const LogFactorials>(&log_factorials(), 1));
    const ImagePlace whole{0, 0, field_.width, field_.height};
    const ImagePlace place = plan_.records_field ? whole : image_;
    float* recorded[2] = {halves_[0], halves_[1]};
    if (plan_.records_field)
      for (float*& half : recorded)
        half = take<float>(field_.pixel_count());
    device_.rows(2 * place.height,
                 RecordRow{field_.width,
                           place,
                           plan_.detected_fraction,
                           upload_some(plan_.energy_quantiles),
                           factorials,
                           plan_.seed,
                           {plan_.half_streams[0], plan_.half_streams[1]},
                           {expected[0], expected[1]},
                           {recorded[0], recorded[1]}});
    if (!plan_.records_field)
      return;
    const PlainComplex* blurred = nullptr;
    if (!plan_.noise_blur.empty()) {
      device_.each(field_.pixel_count(), JoinImages{recorded[0], recorded[1], planes_[0]});
      transform(1);
      device_.each(field_.pixel_count(), BlurNoise{field_, upload(plan_.noise_blur), planes_[0]});
      transform(-1);
      blurred = planes_[0];
    }
    device_.each(
        image_.pixel_count(),
        CropHalves{
            field_, image_, blurred, scale_, {recorded[0], recorded[1]}, {halves_[0], halves_[1]}});
  }

  const float* read_out() {
    if (plan_.read_noise[0] > 0)
      device_.rows(2 * image_.height,
                   AddReadNoise{image_,
                                plan_.seed,
                                {read_noise_stream(plan_.half_streams[0]),
                                 read_noise_stream(plan_.half_streams[1])},
                                {plan_.read_noise[0], plan_.read_noise[1]},
                                {halves_[0], halves_[1]}});
    if (!plan_.hot_pixels.empty())
      device_.rows(1,
                   AddHotPixels{upload(plan_.hot_pixels),
                                static_cast<std::uint32_t>(plan_.hot_pixels.size()),
                                {halves_[0], halves_[1]}});
    float* micrograph = take<float>(image_.pixel_count());
    device_.rows(image_.height,
                 ReadOutRow{image_,
                            plan_.gain_rms,
                            plan_.gain_pixel_share,
                            upload_some(plan_.column_gain),
                            plan_.camera_seed,
                            GainError::stream_of_row(0),
                            plan_.adu_per_electron,
                            {halves_[0], halves_[1]},
                            micrograph});
    return micrograph;
  }

  const ExposurePlan& plan_;
  Device& device_;
  FieldSize field_;
  ImagePlace image_;
  float scale_;
  PlainComplex* planes_[2];
  std::map<std::uint32_t, const PlainComplex*> roots_;
  float* transmission_ = nullptr;
  float* film_phase_ = nullptr;  // null without film and dirt
  float* film_ = nullptr;        // null without film
  PlainComplex* contrasts_[2] = {};
  PlainComplex* truth_contrast_ = nullptr;
  float* halves_[2] = {};
};

}  // namespace limpid
