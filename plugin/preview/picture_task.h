#pragma once

#include <functional>
#include <map>
#include <string>

namespace limpid {

// One picture that a preview has to make.
struct PictureTask {
  std::string name;          // of what it shows
  std::string picture_name;  // below the output folder
  std::string fingerprint;   // everything that decides what it shows
  // Draws it to the path; returns the numbers that it shows. Throws Error(input) when this picture
  // alone cannot be made.
  std::function<std::map<std::string, double>(const std::string& path)> draw;
};

}  // namespace limpid
