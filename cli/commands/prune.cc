// cairn prune: frees what no snapshot needs any more.
#include "cli/commands/prune.h"

#include "cli/command.h"
#include "cli/commands/retention_lock.h"
#include "cli/prune_json.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

std::string packs_text(uint64_t packs, uint64_t bytes) { return human_size(bytes) + " in " + counted(packs, "pack", "packs"); }

void tell_people(Session& session, const PruneReport& report, bool dry_run, uint64_t duration_ns) {
  const uint64_t kept = session.backend().removed_but_kept();
  const char* freed = dry_run ? "Would free:  " : "Freed now:   ";
  const uint64_t gained = report.deleted_bytes > report.written_bytes ? report.deleted_bytes - report.written_bytes : 0;
  std::string text = freed + human_size(gained) + " of " + human_size(report.packs_bytes) + "\n";
  if (report.deleted_packs > 0) text += "Deleted:     " + packs_text(report.deleted_packs, report.deleted_bytes) + "\n";
  if (report.moved_packs > 0)
    text += "Moved:       what was needed of " + packs_text(report.moved_packs, report.moved_bytes) + ", now " + human_size(report.written_bytes) + "\n";
  if (report.waiting_packs > 0) text += "Freed later: " + packs_text(report.waiting_packs, report.waiting_bytes) + "\n";
  for (const PruneReport::Waiting& waiting : report.waiting_for)
    text += "  when the backup on " + (waiting.host.empty() ? std::string("an unknown machine") : printable(waiting.host)) + " that began " +
            local_time(waiting.started_ns) + " has ended: run cairn prune again then\n";
  if (report.waiting_packs > 0 && report.waiting_for.empty()) text += "  a snapshot needs them again; the next prune moves it out\n";
  if (report.young_packs > 0)
    text += counted(report.young_packs, "pack", "packs") + " may belong to a backup that is running: the next prune looks again.\n";
  if (report.no_space) text += "The storage is full, so nothing was moved: run cairn prune again, now that there is room.\n";
  if (kept > 0 && report.deleted_packs > 0)   // else only leases
    text += "Still there: " + counted(kept, "file", "files") + " that were deleted, for the bucket keeps old versions: their space comes back when no lock\n"
            "  holds them any more and a lifecycle rule removes old versions (docs/s3.md)\n";
  text += "Time:        " + human_duration(duration_ns) + "\n";
  if (dry_run) text += "Nothing was changed: this was a dry run.\n";
  session.out.write(text);
}

class Prune : public Command {
 public:
  CommandHelp help() const override {
    return {"prune", "[OPTIONS]", "free the space of what no snapshot needs",
            "Deletes what only forgotten snapshots needed, and writes packs anew of which much is dead.  Backups and restores may\n"
            "run meanwhile; what a backup that began earlier may rely on is freed by the next prune after it.  When anything that\n"
            "a snapshot needs is missing nothing is deleted.  Needs an owner's key.\n\n"
            "Exit code: 0 done; 1 something is missing, damaged or not locked.\n\n"
            "Examples:\n  cairn prune -n\n  cairn forget --preset standard && cairn prune"};
  }
  bool writes() const override { return true; }
  IndexUse index_use() const override { return IndexUse::kMost; }
  void declare(Arguments& to) override {
    to.flag("-n,--dry-run", options_.dry_run, "tell what would be freed, change nothing");
    lock_.declare(to);
    to.number("--most-dead", 0, 100, most_dead_, "write a pack anew when more than so many per cent of it are dead (default: 40)");
    to.number("--recompress", 1, 19, options_.recompress_level, "write all data anew with this zstd level");
  }
  int run(Session& session) override {
    options_.most_dead_percent = most_dead_;
    lock_.check(session);
    return run_prune(session, options_, &lock_);
  }

 private:
  PruneOptions options_;
  RetentionLockOption lock_;
  int most_dead_ = 40;
};

}  // namespace

int run_prune(Session& session, const PruneOptions& options, const RetentionLockOption* lock) {
  Progress& progress = session.progress;
  PruneProgress watched;
  watched.phase = [&progress](const std::string& name) { progress.phase(name); };
  watched.check_interrupted = [&progress] { progress.check_interrupted(); };
  watched.warning = [&progress](const std::string& message) { progress.warning(message); };
  Repository& repository = session.repository();
  if (!options.dry_run) session.require_no_rollback();
  const auto locker = lock && !options.dry_run ? lock->begin(session) : nullptr;
  progress.follow(watched.bytes_done, watched.bytes_total);
  progress.begin();
  const PruneReport report = prune(repository, options, watched);
  const uint64_t duration_ns = progress.elapsed_ns();
  progress.finish();
  const bool locked = finish_locking(session, locker.get());
  for (const std::string& damage : report.damaged) progress.error("", damage + " (see: cairn check --read-data, cairn repair packs)");
  if (session.options.json) session.out.line(prune_json(report, session.backend().removed_but_kept(), options.dry_run, duration_ns));
  else if (!session.options.quiet) tell_people(session, report, options.dry_run, duration_ns);
  return report.damaged.empty() && locked ? kExitDone : kExitFailed;
}

std::unique_ptr<Command> make_prune() { return std::make_unique<Prune>(); }

}  // namespace cairn
