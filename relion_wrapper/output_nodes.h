#pragma once

#include "relion_wrapper/job_folder.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

// Results that RELION offers to later jobs and in its menus.
enum class NodeKind : std::uint8_t { micrographs, coordinates, logfile };

struct OutputNode {
  std::string path;  // from the project folder
  NodeKind kind = NodeKind::micrographs;
};

// The text of RELION_OUTPUT_NODES.star in the words of that version; for an unknown one such that
// all of them find their own.
std::string output_nodes_text(const std::vector<OutputNode>& nodes, RelionVersion version);

// Writes it for those of the nodes that exist; without any, an older file is removed.
void write_output_nodes(const JobFolder& folder, const std::vector<OutputNode>& nodes);

}  // namespace limpid
