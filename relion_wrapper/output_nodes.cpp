#include "relion_wrapper/output_nodes.h"

#include "core/io/atomic_file.h"
#include "core/io/star_writer.h"

#include <system_error>

#include <filesystem>

namespace limpid {
namespace {

// What RELION 3 calls the kind, and the labels of RELION 4 and 5. With another label a file can be
// typed by hand, but Browse does not offer it.
struct NodeType {
  const char* number;
  const char* label4;
  const char* label5;
};

NodeType type_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::micrographs:
      return {"1", "MicrographsData.star.relion", "MicrographGroupMetadata.star.relion"};
    case NodeKind::coordinates:
      return {"2", "MicrographsCoords.star.relion", "MicrographCoordsGroup.star.relion"};
    case NodeKind::logfile:
      break;
  }
  return {"13", "LogFile.pdf.relion", "LogFile.pdf.relion"};
}

}  // namespace

std::string output_nodes_text(const std::vector<OutputNode>& nodes, RelionVersion version) {
  // RELION 3 warns of labels that it does not know, RELION 5 files a node with a number alone under
  // no kind at all.
  const bool with_number = version == RelionVersion::relion3 || version == RelionVersion::unknown;
  const bool with_label = version != RelionVersion::relion3;
  std::vector<std::string> labels = {"rlnPipeLineNodeName"};
  if (with_number)
    labels.emplace_back("rlnPipeLineNodeType");
  if (with_label)
    labels.emplace_back("rlnPipeLineNodeTypeLabel");
  StarWriter writer;
  writer.begin_loop("output_nodes", labels);
  for (const OutputNode& node : nodes) {
    const NodeType type = type_of(node.kind);
    std::vector<std::string> row = {node.path};
    if (with_number)
      row.emplace_back(type.number);
    if (with_label)
      row.emplace_back(version == RelionVersion::relion4 ? type.label4 : type.label5);
    writer.add_row(row);
  }
  return writer.text();
}

void write_output_nodes(const JobFolder& folder, const std::vector<OutputNode>& nodes) {
  const std::string path = folder.file("RELION_OUTPUT_NODES.star");
  std::vector<OutputNode> existing;
  std::error_code ignored;
  for (const OutputNode& node : nodes)
    if (std::filesystem::exists(node.path, ignored))
      existing.push_back(node);
  if (existing.empty())
    std::filesystem::remove(path, ignored);
  else
    write_file_atomically(path, output_nodes_text(existing, folder.version()));
}

}  // namespace limpid
