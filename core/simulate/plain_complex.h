#pragma once

#include "core/base/host_device.h"

namespace limpid {

// std::complex<float> has no operators on devices.
struct PlainComplex {
  float re = 0;
  float im = 0;
};

LIMPID_HOST_DEVICE inline PlainComplex operator+(PlainComplex a, PlainComplex b) {
  return {a.re + b.re, a.im + b.im};
}
LIMPID_HOST_DEVICE inline PlainComplex operator-(PlainComplex a, PlainComplex b) {
  return {a.re - b.re, a.im - b.im};
}
LIMPID_HOST_DEVICE inline PlainComplex operator*(PlainComplex a, PlainComplex b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
LIMPID_HOST_DEVICE inline PlainComplex operator*(float a, PlainComplex b) {
  return {a * b.re, a * b.im};
}
LIMPID_HOST_DEVICE inline PlainComplex conjugate(PlainComplex a) {
  return {a.re, -a.im};
}

}  // namespace limpid
