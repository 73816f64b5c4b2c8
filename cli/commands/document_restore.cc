#include "cli/commands/document_restore.h"

#include <cstdlib>

#include "cli/restore_json.h"
#include "cli/terminal.h"
#include "ingest/document/sealed_document.h"

namespace cairn {

namespace {

std::string of_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? value : "";
}

std::vector<std::string> split(const std::vector<std::string>& lists) {
  std::vector<std::string> out;
  for (std::string_view list : lists)
    for (;;) {
      const std::string_view one = list.substr(0, list.find(','));
      if (one.empty()) throw UsageError("--only: a name is missing (write it like users,groups or Users/alice)");
      out.emplace_back(one);
      if (one.size() == list.size()) break;
      list.remove_prefix(one.size() + 1);
    }
  return out;
}

}  // namespace

std::optional<Secret> document_key(const std::string& file, const std::string& option, const std::string& variable) {
  const std::string in_file = of_environment(variable + "_FILE"), itself = of_environment(variable);
  if (!file.empty()) return document_key_of_file(file);
  if (!in_file.empty() && !itself.empty())
    throw UsageError(variable + " and " + variable + "_FILE are both set: one of them is enough (or " + option + " FILE)");
  if (!in_file.empty()) return document_key_of_file(in_file);
  if (!itself.empty()) return document_key_of_text(itself, variable);
  return std::nullopt;
}

int restore_document_sections(Session& session, const std::vector<Wanted>& wanted, const std::vector<std::string>& only,
                              DocumentRestoreOptions options) {
  const Choice choice = choose_component(wanted, ComponentKind::kDocument, "--only", "a document");
  options.selection.only = split(only);
  // A path within the document is one more of them.
  if (!choice.parts.empty()) throw UsageError("--only: name the document alone, like SNAPSHOT:" + printable(choice.component) + " --only " + printable(choice.parts.front()));
  session.progress.begin();
  session.progress.phase("restoring");
  const DocumentRestoreResult result = restore_document(session.repository(), *choice.snapshot, choice.component, options, session.progress);
  const uint64_t duration_ns = session.progress.elapsed_ns();
  session.progress.finish();
  for (const std::string& warning : result.extract.warnings) session.progress.warning(warning);
  if (session.options.json) {
    session.out.line(document_restore_json(result, choice.snapshot->id.hex(), options.dry_run, duration_ns));
  } else if (!session.options.quiet) {
    std::string taken;
    for (const std::string& one : result.extract.taken) taken += (taken.empty() ? "" : ", ") + printable(one);
    if (result.written) session.out.line("Restored " + taken + " to " + printable(result.file) + " (" + human_size(result.extract.bytes) + ").");
    else session.out.line((options.dry_run ? "Would restore " + taken + " to " : "Left as it was: ") + printable(result.file) + ".");
  }
  return kExitDone;
}

}  // namespace cairn
