#pragma once

namespace limpid {

// Lets text be drawn on machines without any font configuration (bare containers, cluster nodes):
// there the fonts of this installation are used. To be called before the first text; cheap when
// repeated.
void use_own_fonts_if_there_are_none();

}  // namespace limpid
