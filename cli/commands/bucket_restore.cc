#include "cli/commands/bucket_restore.h"

#include "cli/interrupt.h"
#include "cli/restore_json.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "ingest/bucket/bucket_restore.h"
#include "store/error.h"

namespace cairn {

namespace {

BucketAddress parse_target(const std::string& url) {
  try {
    return find_bucket(url, interrupted);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInvalidArgument) throw UsageError(e.what());
    throw;
  }
}

std::string summary(const RestoreResult& result, const std::string& place, const RestoreOptions& options, uint64_t duration_ns) {
  std::string text = (options.dry_run ? "Would restore " : "Restored ") + counted(result.files, "object", "objects") + " (" + human_size(result.bytes) + ")";
  if (result.skipped > 0) text += ", left " + human_count(result.skipped) + " as they were";
  text += " to " + printable(place) + (options.dry_run ? "." : " in " + human_duration(duration_ns) + ".");
  if (options.verify) text += "\nVerified " + counted(result.verified_files, "object", "objects") + ".";
  if (result.failed > 0) text += "\n" + counted(result.failed, "thing", "things") + " could not be restored (see above).";
  return text;
}

}  // namespace

int restore_to_bucket(Session& session, const std::vector<Wanted>& wanted, const std::string& to, const RestoreOptions& options) {
  const Choice choice = choose_component(wanted, is_tree, "--to s3://...", "a bucket or a directory tree");
  const BucketAddress address = parse_target(to);
  std::vector<std::string> paths;
  for (const std::string& part : choice.parts) paths.push_back(choice.component + "/" + part);
  if (paths.empty()) paths.push_back(choice.component);
  if (options.dry_run) session.progress.show_items();
  session.progress.begin();
  RestoreResult total;
  for (const std::string& path : paths) {
    const RestoreResult one = restore_into_bucket(session.repository(), *choice.snapshot, path, address,
                                                  session.options.cache_folder + "/uploads", options, session.progress);
    total.files += one.files;
    total.skipped += one.skipped;
    total.failed += one.failed;
    total.bytes += one.bytes;
    total.verified_files += one.verified_files;
  }
  const uint64_t duration_ns = session.progress.elapsed_ns();
  session.progress.finish();
  const std::string place = address.place.describe();
  if (session.options.json) session.out.line(restore_json(total, {choice.snapshot->id.hex()}, place, options.dry_run, duration_ns));
  else if (!session.options.quiet) session.out.line(summary(total, place, options, duration_ns));
  return total.failed > 0 || session.progress.errors.load() > 0 ? kExitFailed : kExitDone;
}

}  // namespace cairn
