#pragma once

namespace limpid {

// Gives the program the three standard streams where it was started without some of them; else the
// first files that it opens would take their places, and its messages would end up in results.
void open_missing_streams();

// Writes out what stdout still holds. False when it did not take everything, now or before.
bool finish_stdout();

}  // namespace limpid
