#pragma once

#include <string>
#include <string_view>

namespace limpid {

// Where the result for a micrograph goes below an output folder, from the name it has in its list:
// what follows the last "jobNNN/" folder, or else the whole path, as a relative path that stays
// inside the folder ("." dropped, "a/.." dropped, a leading ".." becomes "up"), with the extension
// replaced by ".mrc". Parts too long for a file system are cut, a hash of the part behind them.
std::string output_name_for(std::string_view micrograph_name);

// "DIR/STEM_1a2b3c4d.mrc" from "DIR/STEM.mrc": tells apart micrographs whose results would have the
// same name.
std::string distinct_output_name(std::string_view output_name, std::string_view micrograph_name);

// The name of a file without what says its format: "a.b" of a.b.mrc, a.b.tif and a.b.mrc.gz.
std::string_view without_extension(std::string_view file);

// The same letters in lower case (ASCII): some file systems do not tell them apart.
std::string folded(std::string_view name);

}  // namespace limpid
