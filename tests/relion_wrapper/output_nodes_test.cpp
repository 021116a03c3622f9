#include "relion_wrapper/output_nodes.h"

#include "core/io/star.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

using limpid::NodeKind;
using limpid::OutputNode;
using limpid::RelionVersion;

namespace {

// The columns of one node by their labels.
std::map<std::string, std::string> columns_of(const OutputNode& node, RelionVersion version) {
  const auto star = limpid::StarFile::parse(limpid::output_nodes_text({node}, version), "nodes");
  const limpid::StarTable& table = star.table("output_nodes");
  std::map<std::string, std::string> columns;
  for (std::size_t i = 0; i < table.column_count(); ++i)
    columns[table.label(i)] = table.cell(0, i);
  return columns;
}

using Columns = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("output nodes: every version finds its own word for the kind") {
  const OutputNode node{"External/job002/m.star", NodeKind::micrographs};
  CHECK(columns_of(node, RelionVersion::relion3) ==
        Columns{{"rlnPipeLineNodeName", node.path}, {"rlnPipeLineNodeType", "1"}});
  CHECK(columns_of(node, RelionVersion::relion4) ==
        Columns{{"rlnPipeLineNodeName", node.path},
                {"rlnPipeLineNodeTypeLabel", "MicrographsData.star.relion"}});
  CHECK(columns_of(node, RelionVersion::relion5) ==
        Columns{{"rlnPipeLineNodeName", node.path},
                {"rlnPipeLineNodeTypeLabel", "MicrographGroupMetadata.star.relion"}});
  CHECK(columns_of(node, RelionVersion::unknown) ==
        Columns{{"rlnPipeLineNodeName", node.path},
                {"rlnPipeLineNodeType", "1"},
                {"rlnPipeLineNodeTypeLabel", "MicrographGroupMetadata.star.relion"}});
}

TEST_CASE("output nodes: coordinates and reports") {
  const OutputNode coordinates{"c.star", NodeKind::coordinates};
  const OutputNode logfile{"logfile.pdf", NodeKind::logfile};
  CHECK(columns_of(coordinates, RelionVersion::relion3)["rlnPipeLineNodeType"] == "2");
  CHECK(columns_of(coordinates, RelionVersion::relion4)["rlnPipeLineNodeTypeLabel"] ==
        "MicrographsCoords.star.relion");
  CHECK(columns_of(coordinates, RelionVersion::relion5)["rlnPipeLineNodeTypeLabel"] ==
        "MicrographCoordsGroup.star.relion");
  CHECK(columns_of(logfile, RelionVersion::relion3)["rlnPipeLineNodeType"] == "13");
  CHECK(columns_of(logfile, RelionVersion::relion5)["rlnPipeLineNodeTypeLabel"] ==
        "LogFile.pdf.relion");
}

TEST_CASE("output nodes: only files that exist are registered") {
  const limpid::test::TemporaryFolder temporary;
  const limpid::JobFolder folder(temporary.path(""));
  const std::string nodes = folder.file("RELION_OUTPUT_NODES.star");
  const std::string there = folder.file("there.star");
  std::ofstream(there) << "x";
  write_output_nodes(folder,
                     {{there, NodeKind::micrographs}, {folder.file("none"), NodeKind::logfile}});
  CHECK(limpid::StarFile::read(nodes).table("output_nodes").row_count() == 1);
  write_output_nodes(folder, {{folder.file("none"), NodeKind::logfile}});
  CHECK_FALSE(std::filesystem::exists(nodes));
}
