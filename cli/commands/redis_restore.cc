#include "cli/commands/redis_restore.h"

#include "cli/restore_json.h"
#include "cli/session.h"
#include "cli/terminal.h"

namespace cairn {

namespace {

constexpr std::string_view kRdbSuffix = ".rdb";

void add(const RedisRestoreResult& one, RedisRestoreResult& total) {
  total.keys += one.keys;
  total.functions += one.functions;
  total.left += one.left;
  total.expired += one.expired;
  total.failed += one.failed;
  total.bytes += one.bytes;
}

std::string summary(const RedisRestoreResult& result, const std::string& place, bool dry_run, uint64_t duration_ns) {
  std::string text = (dry_run ? "Would restore " : "Restored ") + counted(result.keys, "key", "keys") + " (" + human_size(result.bytes) + ")";
  if (result.functions > 0) text += " and " + counted(result.functions, "function library", "function libraries");
  text += " to " + printable(place) + (dry_run ? "" : " in " + human_duration(duration_ns)) + ".";
  if (result.expired > 0) text += "\nLeft out " + counted(result.expired, "key", "keys") + " whose time is over.";
  if (result.left > 0) text += "\nLeft " + counted(result.left, "key", "keys") + " that are there already as they are (--replace replaces them).";
  if (result.failed > 0) text += "\n" + counted(result.failed, "thing", "things") + " could not be restored (see above).";
  return text;
}

}  // namespace

bool is_redis_target(const std::string& to) {
  return RedisUrl::is_one(to) || (url_scheme(to).empty() && to.size() > kRdbSuffix.size() && to.ends_with(kRdbSuffix));
}

int restore_redis_keys(Session& session, const std::vector<Wanted>& wanted, const std::string& to, const RedisRestoreOptions& options) {
  const Choice choice = choose_component(wanted, ComponentKind::kRedis, "--to", "a Redis component");
  const bool server = RedisUrl::is_one(to);
  std::vector<std::string> paths;
  for (const std::string& part : choice.parts) paths.push_back(choice.component + "/" + part);
  if (paths.empty()) paths.push_back(choice.component);
  if (!server && paths.size() > 1) throw UsageError("--to FILE.rdb: one path at a time; --key PATTERN may be given several times");
  if (options.dry_run) session.progress.show_items();
  session.progress.begin();
  session.progress.phase("restoring");
  RedisRestoreResult total;
  std::string place = to;
  if (server) {
    const RedisUrl url(to);
    place = url.description();
    for (const std::string& path : paths)
      add(restore_into_redis(session.repository(), *choice.snapshot, path, url, options, session.progress), total);
  } else {
    add(restore_into_rdb(session.repository(), *choice.snapshot, paths.front(), to, options, session.progress), total);
  }
  const uint64_t duration_ns = session.progress.elapsed_ns();
  session.progress.finish();
  if (session.options.json) session.out.line(redis_restore_json(total, choice.snapshot->id.hex(), place, options.dry_run, duration_ns));
  else if (!session.options.quiet) session.out.line(summary(total, place, options.dry_run, duration_ns));
  return total.failed + total.left > 0 ? kExitFailed : kExitDone;
}

}  // namespace cairn
