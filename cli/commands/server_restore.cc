#include "cli/commands/server_restore.h"

#include <algorithm>

#include "cli/json.h"
#include "cli/terminal.h"
#include "ingest/postgres/connection.h"
#include "store/error.h"

namespace cairn {

namespace {

struct Choice {
  const Manifest* snapshot = nullptr;
  std::string component;
  std::vector<std::string> parts;   // beneath it; none: all
};

bool is_dump(const ComponentInfo& component) { return component.kind == ComponentKind::kPostgres; }

// The only dump of a snapshot, when no path names one.
std::string only_dump(const Manifest& snapshot) {
  std::string name;
  for (const ComponentInfo& component : snapshot.components) {
    if (!is_dump(component)) continue;
    if (!name.empty()) throw UsageError("the snapshot has several dumps: name one, like SNAPSHOT:" + printable(name));
    name = component.name;
  }
  if (name.empty()) throw UsageError("--to: there is no dump of PostgreSQL in this snapshot (see: cairn ls)");
  return name;
}

Choice choose(const std::vector<Wanted>& wanted) {
  Choice choice;
  bool all = false;
  for (const auto& [snapshot, path] : wanted) {
    const size_t slash = path.find('/');
    const std::string name = path.empty() ? only_dump(*snapshot) : path.substr(0, slash);
    const ComponentInfo* component = snapshot->component(name);
    if (!component || !is_dump(*component))
      throw UsageError("--to: " + printable(name) + " is no dump of PostgreSQL; restore it to a directory with --target");
    if (choice.snapshot && (choice.snapshot != snapshot || choice.component != name))
      throw UsageError("--to: everything that is restored at once must come from one dump of one snapshot");
    choice.snapshot = snapshot;
    choice.component = name;
    if (slash == path.npos) all = true;
    else choice.parts.push_back(path.substr(slash + 1));
  }
  if (all) choice.parts.clear();
  return choice;
}

std::string summary(const PostgresRestoreResult& result, const PostgresRestoreOptions& options, uint64_t duration_ns) {
  if (options.dry_run) return "Nothing was done: this was a dry run.";
  std::string text;
  for (const std::string& one : result.tolerated) text += "Harmless: " + printable(one) + "\n";
  for (const std::string& one : result.mismatches) text += "MISSING:  " + printable(one) + "\n";
  text += "Restored " + (result.tables == 0 ? "what was asked for" : counted(result.tables, "table", "tables") + " with " + counted(result.rows, "row", "rows"));
  for (size_t i = 0; i < result.targets.size(); ++i) text += (i == 0 ? " into " : ", ") + printable(result.targets[i]);
  text += " in " + human_duration(duration_ns) + ".\n";
  if (result.complete()) return text + (result.tables == 0 ? "Complete." : "Complete: every table holds as many rows as the snapshot.");
  if (result.failed > 0) text += counted(result.failed, "database", "databases") + " could not be restored (see above). ";
  return text + "NOT complete.";
}

}  // namespace

int restore_into_server(Session& session, const std::vector<Wanted>& wanted, const PostgresRestoreOptions& options) {
  const Choice choice = choose(wanted);
  if (options.dry_run) session.progress.show_items();
  session.progress.begin();
  const PostgresRestoreResult result =
      restore_to_postgres(session.repository(), *choice.snapshot, choice.component, choice.parts, options, session.progress);
  const uint64_t duration_ns = session.progress.elapsed_ns();
  session.progress.finish();
  if (session.options.json)
    session.out.line(server_restore_json(result, choice.snapshot->id.hex(), PostgresUrl(options.url).description(), options.dry_run, duration_ns));
  else if (!session.options.quiet)
    session.out.line(summary(result, options, duration_ns));
  return result.complete() ? kExitDone : kExitFailed;
}

void require_version(const std::vector<Wanted>& wanted, const std::string& expected) {
  if (expected.empty()) return;
  for (const auto& [snapshot, path] : wanted) {
    bool told = false;
    for (const ComponentInfo& component : snapshot->components) {
      auto version = component.properties.find("app.version");
      if (version == component.properties.end()) continue;
      const bool restored = path.empty() || path == component.name || path.starts_with(component.name + "/");
      if (restored && version->second != expected)
        throw Error(ErrorCode::kUnsupported, printable(component.name) + " is of version " + printable(version->second) + ", not " +
                                                 printable(expected) + " as --expect-version asks; nothing was restored");
      told = told || restored;
    }
    if (!told)
      throw Error(ErrorCode::kUnsupported, "--expect-version: nothing in " + (path.empty() ? snapshot->id.hex().substr(0, 8) : printable(path)) +
                                               " tells its application's version; nothing was restored");
  }
}

}  // namespace cairn
