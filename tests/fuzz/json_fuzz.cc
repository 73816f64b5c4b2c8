// Any bytes as a document: never a crash; the same however they are split; nothing told changes what is valid; parts lie in the text and
// are named once; what is passed is what came.   Input: how long the pieces are (1 byte), the document.
#include "tests/fuzz/fuzz_target.h"
#include "tests/ingest/document_fixture.h"
#include "tests/ingest/json_events.h"

namespace cairn {
namespace {

std::vector<DocumentProfile> profiles() {
  DocumentSection section;
  section.name = "users";
  section.path = "Users";
  section.label = {"User.username", "User.id.x", "id"};
  DocumentProfile profile;
  profile.name = "app";
  profile.detect = {"Users"};
  profile.sections = {section};
  return {profile};
}

std::string described(const ReadDocumentParts& read) {
  std::string out = read.listing() + read.facts.problem + (read.facts.ended ? "" : " cut");
  for (const auto& [key, value] : read.facts.properties) out += key + "=" + value + "\n";
  for (const std::string& warning : read.facts.warnings) out += warning + "\n";
  return out;
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 1) return 0;
  const std::string_view json = text(ByteView(data + 1, size - 1));
  const size_t piece = size_t{1} + data[0];
  const JsonScanned whole = scan_json(json);
  require(whole.failed != whole.why.empty());
  require(scan_json(json, piece) == whole);
  const JsonScanned silent = scan_json(json, piece, -1);
  require(silent.told.empty() && silent.failed == whole.failed && silent.why == whole.why && silent.values == whole.values);
  if (whole.valid() && (json.find('{') < json.find('"') || json.find('[') < json.find('"'))) require(looks_like_json(view(json)));

  const ReadDocumentParts read = read_document(json, profiles());
  require(read.order_kept && read.stored == json);
  require(read.facts.ended == read.facts.problem.empty());
  require(read.facts.kind == ComponentKind::kDocument || (read.parts.empty() && read.facts.properties.empty()));
  for (const Part& part : read.parts) require(CatalogueWriter::holds(part) && part.extents.size() == 1);
  const ReadDocumentParts pieces = read_document(json, profiles(), piece);
  require(pieces.order_kept && described(pieces) == described(read));
  return 0;
}
