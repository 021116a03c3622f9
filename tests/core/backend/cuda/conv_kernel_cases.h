#pragma once

#include "core/backend/ops.h"

#include <cstdint>
#include <vector>

// What conv_kernel_bench compares with a plain kernel, and what it times.
namespace limpid::test {

struct ConvolutionCase {
  const char* name;
  Shape input;
  int outputs;
  bool backward = false;
  int input_extra = 0;  // channels of the wider tensors
  int output_extra = 0;
  Activation activation = Activation::relu;
  bool masked = true;
  bool pooled = false;
  bool codes = false;  // also keeps pool codes
  // Backward: the gradient of the second of two inputs, to which that of its maxima is added.
  bool joined = false;
  bool signs = false;  // also keeps those of the input; backward: reads those of the mask
  // Where a slice begins in the wider tensor. Networks have them at multiples of 32 channels; at
  // others, writes change parts of 32-byte sectors, which takes twice as long.
  int first_channel = 8;
};

inline std::vector<ConvolutionCase> correctness_cases() {
  std::vector<ConvolutionCase> cases;
  for (const bool backward : {false, true}) {
    for (const int inputs : {32, 64, 128})
      for (const int outputs : {32, 64, 128})
        cases.push_back({.name = "",
                         .input = {2, 37, 131, inputs},
                         .outputs = outputs,
                         .backward = backward,
                         .input_extra = inputs == 64 ? 32 : 0,
                         .output_extra = outputs == 64 ? 0 : 64});
    cases.push_back({.name = "",
                     .input = {1, 1, 1, 32},
                     .outputs = 32,
                     .backward = backward,
                     .output_extra = 8});
    cases.push_back({.name = "",
                     .input = {3, 2, 64, 64},
                     .outputs = 64,
                     .backward = backward,
                     .activation = Activation::leaky_relu});
    cases.push_back({.name = "",
                     .input = {1, 1030, 1100, 32},
                     .outputs = 32,
                     .backward = backward,
                     .activation = Activation::none,
                     .masked = false});
    cases.push_back({.name = "", .input = {5, 256, 512, 64}, .outputs = 64, .backward = backward});
    for (const int inputs : {192, 256, 512})
      for (const int outputs : {64, 192, 256})
        cases.push_back({.name = "",
                         .input = {2, 37, 43, inputs},
                         .outputs = outputs,
                         .backward = backward,
                         .input_extra = inputs == 192 ? 64 : 0,
                         .output_extra = outputs == 64 ? 0 : 128});
    cases.push_back({.name = "", .input = {16, 64, 64, 512}, .outputs = 512, .backward = backward});
    for (const int outputs : {32, 64, 128})
      for (const int inputs : {32, 64, 128})
        if (backward || inputs <= 64)
          cases.push_back({.name = "",
                           .input = {2, 37, 131, inputs},
                           .outputs = outputs,
                           .backward = backward,
                           .input_extra = 32,
                           .output_extra = outputs,
                           .activation = outputs == 32 ? Activation::leaky_relu : Activation::relu,
                           .signs = true});
  }
  for (const int outputs : {32, 64, 128, 192})
    for (const int inputs : {32, 64, 128, 256})
      for (const bool even : {false, true})
        cases.push_back({.name = "",
                         .input = {2, even ? 38 : 37, even ? 134 : 131, inputs},
                         .outputs = outputs,
                         .output_extra = outputs,
                         .activation = outputs == 32 ? Activation::none : Activation::relu,
                         .pooled = true,
                         .codes = even,
                         .signs = even && inputs <= 64});
  for (const int outputs : {32, 64, 128, 192})
    for (const int inputs : {32, 64, 128, 256})
      cases.push_back({.name = "",
                       .input = {2, 38, 134, inputs},
                       .outputs = outputs,
                       .backward = true,
                       .output_extra = outputs == 64 ? 0 : 32,
                       .activation = outputs == 32 ? Activation::leaky_relu : Activation::relu,
                       .joined = true});
  cases.push_back({.name = "",
                   .input = {3, 2, 2, 64},
                   .outputs = 64,
                   .activation = Activation::leaky_relu,
                   .pooled = true,
                   .codes = true,
                   .signs = true});
  return cases;
}

inline std::vector<ConvolutionCase> layers(std::int64_t batch) {
  const Shape full{batch, 1024, 1024, 32};
  const auto with = [](Shape s, std::int64_t channels) {
    s.channels = channels;
    return s;
  };
  const Shape half{batch, 512, 512, 64};
  const Shape quarter{batch, 256, 256, 128};
  const Shape eighth{batch, 128, 128, 256};
  const Shape sixteenth{batch, 64, 64, 512};
  return {
      {.name = "enc0b, to a slice",
       .input = full,
       .outputs = 32,
       .output_extra = 32,
       .first_channel = 32},
      {.name = "  and pooled",
       .input = full,
       .outputs = 32,
       .output_extra = 32,
       .pooled = true,
       .first_channel = 32},
      {.name = "  and codes",
       .input = full,
       .outputs = 32,
       .output_extra = 32,
       .pooled = true,
       .codes = true,
       .first_channel = 32},
      {.name = "  and signs",
       .input = full,
       .outputs = 32,
       .output_extra = 32,
       .pooled = true,
       .codes = true,
       .signs = true,
       .first_channel = 32},
      {.name = "enc0b, 16 bytes off", .input = full, .outputs = 32, .output_extra = 32},
      {.name = "dec0b", .input = full, .outputs = 32},
      {.name = "  and signs", .input = full, .outputs = 32, .signs = true},
      {.name = "dec0a", .input = with(full, 64), .outputs = 32},
      {.name = "enc1a", .input = with(half, 32), .outputs = 64},
      {.name = "enc1b, to a slice",
       .input = half,
       .outputs = 64,
       .output_extra = 64,
       .first_channel = 64},
      {.name = "  and pooled",
       .input = half,
       .outputs = 64,
       .output_extra = 64,
       .pooled = true,
       .first_channel = 64},
      {.name = "  and codes",
       .input = half,
       .outputs = 64,
       .output_extra = 64,
       .pooled = true,
       .codes = true,
       .first_channel = 64},
      {.name = "  and signs",
       .input = half,
       .outputs = 64,
       .output_extra = 64,
       .pooled = true,
       .codes = true,
       .signs = true,
       .first_channel = 64},
      {.name = "dec1b", .input = half, .outputs = 64},
      {.name = "  and signs", .input = half, .outputs = 64, .signs = true},
      {.name = "dec1a", .input = with(half, 128), .outputs = 64},
      {.name = "enc2a", .input = with(quarter, 64), .outputs = 128},
      {.name = "enc2b", .input = quarter, .outputs = 128},
      {.name = "  and pooled", .input = quarter, .outputs = 128, .pooled = true},
      {.name = "  and codes", .input = quarter, .outputs = 128, .pooled = true, .codes = true},
      {.name = "enc0b dgrad, slice",
       .input = full,
       .outputs = 32,
       .backward = true,
       .input_extra = 32,
       .first_channel = 32},
      {.name = "  by signs",
       .input = full,
       .outputs = 32,
       .backward = true,
       .input_extra = 32,
       .signs = true,
       .first_channel = 32},
      {.name = "dec0b dgrad", .input = full, .outputs = 32, .backward = true},
      {.name = "  by signs", .input = full, .outputs = 32, .backward = true, .signs = true},
      {.name = "dec0a dgrad", .input = full, .outputs = 64, .backward = true, .masked = false},
      {.name = "  of the first input",
       .input = full,
       .outputs = 32,
       .backward = true,
       .masked = false},
      {.name = "  second, joined", .input = full, .outputs = 32, .backward = true, .joined = true},
      {.name = "enc1a dgrad", .input = half, .outputs = 32, .backward = true, .masked = false},
      {.name = "dec1b dgrad", .input = half, .outputs = 64, .backward = true},
      {.name = "  by signs", .input = half, .outputs = 64, .backward = true, .signs = true},
      {.name = "dec1a dgrad", .input = half, .outputs = 128, .backward = true, .masked = false},
      {.name = "  of the first input",
       .input = half,
       .outputs = 64,
       .backward = true,
       .masked = false},
      {.name = "  second, joined", .input = half, .outputs = 64, .backward = true, .joined = true},
      {.name = "enc2b dgrad", .input = quarter, .outputs = 128, .backward = true},
      {.name = "  by signs", .input = quarter, .outputs = 128, .backward = true, .signs = true},
      {.name = "enc2a dgrad", .input = quarter, .outputs = 64, .backward = true, .masked = false},
      {.name = "dec2a", .input = with(quarter, 256), .outputs = 128},
      {.name = "enc3a", .input = with(eighth, 128), .outputs = 256},
      {.name = "enc3b", .input = eighth, .outputs = 256},
      {.name = "  and pooled", .input = eighth, .outputs = 256, .pooled = true},
      {.name = "  and codes", .input = eighth, .outputs = 256, .pooled = true, .codes = true},
      {.name = "dec3a", .input = with(eighth, 512), .outputs = 256},
      {.name = "enc4a", .input = with(sixteenth, 256), .outputs = 512},
      {.name = "enc4b", .input = sixteenth, .outputs = 512},
      {.name = "dec2a dgrad", .input = quarter, .outputs = 256, .backward = true, .masked = false},
      {.name = "  of the first input",
       .input = quarter,
       .outputs = 128,
       .backward = true,
       .masked = false},
      {.name = "  second, joined",
       .input = quarter,
       .outputs = 128,
       .backward = true,
       .joined = true},
      {.name = "enc3a dgrad", .input = eighth, .outputs = 128, .backward = true, .masked = false},
      {.name = "enc3b dgrad", .input = eighth, .outputs = 256, .backward = true},
      {.name = "dec3a dgrad", .input = eighth, .outputs = 512, .backward = true, .masked = false},
      {.name = "  of the first input",
       .input = eighth,
       .outputs = 256,
       .backward = true,
       .masked = false},
      {.name = "  second, joined",
       .input = eighth,
       .outputs = 256,
       .backward = true,
       .joined = true},
      {.name = "enc4a dgrad",
       .input = sixteenth,
       .outputs = 256,
       .backward = true,
       .masked = false},
      {.name = "enc4b dgrad", .input = sixteenth, .outputs = 512, .backward = true},
      {.name = "default dec0a", .input = {batch, 512, 512, 128}, .outputs = 64},
      {.name = "default dec1a", .input = {batch, 256, 256, 128}, .outputs = 64},
      {.name = "default dec2a", .input = {batch, 128, 128, 192}, .outputs = 64},
      {.name = "default dec2a dgrad",
       .input = {batch, 128, 128, 64},
       .outputs = 192,
       .backward = true,
       .masked = false},
      {.name = "default dec3a", .input = {batch, 64, 64, 256}, .outputs = 128},
      {.name = "default dec3a dgrad",
       .input = {batch, 64, 64, 128},
       .outputs = 256,
       .backward = true,
       .masked = false},
      {.name = "default dec3b", .input = {batch, 64, 64, 128}, .outputs = 128},
      {.name = "default enc4b", .input = {batch, 32, 32, 128}, .outputs = 128},
      {.name = "default enc4b dgrad",
       .input = {batch, 32, 32, 128},
       .outputs = 128,
       .backward = true},
  };
}

}  // namespace limpid::test
