#pragma once

namespace limpid {

// Gives the program the three standard streams where it was started without some of them; else the
// first files that it opens would take their places, and its messages would end up in results.
void open_missing_streams();

// Lets a file that reaches the size limit of the shell (ulimit -f) be reported as a disk that refuses,
// instead of ending the program.
void report_file_size_limit();

// Writes out what stdout still holds. False when it did not take everything, now or before.
bool finish_stdout();

}  // namespace limpid
