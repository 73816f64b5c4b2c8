#include "cli/commands/postgres_restore.h"

#include "cli/restore_json.h"
#include "cli/terminal.h"
#include "ingest/postgres/postgres_url.h"
#include "store/error.h"

namespace cairn {

namespace {

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

int restore_into_postgres_server(Session& session, const std::vector<Wanted>& wanted, const PostgresRestoreOptions& options) {
  const Choice choice = choose_component(wanted, ComponentKind::kPostgres, "--to", "a dump of PostgreSQL");
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

}  // namespace cairn
