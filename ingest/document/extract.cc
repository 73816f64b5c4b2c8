#include "ingest/document/extract.h"

#include "ingest/document/extract/filter.h"
#include "ingest/document/extract/needs.h"
#include "ingest/document/extract/selection.h"

namespace cairn {

ExtractResult extract_document(const ReadDocument& read, const DocumentProfile* profile, const DocumentSelection& selection,
                               const std::function<void(ByteView)>& write) {
  ExtractResult out;
  Selection chosen(profile, selection);
  out.warnings = chosen.warnings();
  if (selection.with_dependencies && profile) {
    for (std::string& missing : add_needs(read, chosen)) out.warnings.push_back(std::move(missing));
  } else if (selection.with_dependencies) {
    out.warnings.emplace_back("nothing is known of what needs what in such documents; a profile could say it");
  }
  filter_document(read, chosen, write, out);
  return out;
}

}  // namespace cairn
