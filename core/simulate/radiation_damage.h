#pragma once

namespace limpid {

// Fading of molecular structure under the beam, as measured on rotavirus particles at 300 kV by
// Grant and Grigorieff 2015 (eLife 4:e06980): amplitudes at frequency k fall as
// exp(-N / (2 Ne(k))) with the exposure N, Ne(k) = 0.24499 k^-1.6649 + 2.8141 e/A^2; at 200 kV the
// critical exposure Ne is 0.8 times that. Low frequencies survive, high ones go first, as with a
// B factor that grows with the exposure.
double critical_exposure(double frequency_per_angstrom, double voltage_kv);

// Mean amplitude left while the exposure runs from `begin` to `end`, in e/A^2.
double surviving_amplitude(double critical_exposure, double begin, double end);

}  // namespace limpid
