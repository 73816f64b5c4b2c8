// cairn repair: the index from packs, packs from their good frames, snapshots from what is left.
#include <algorithm>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/repair_json.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostShownLosses = 20;  // of one snapshot, for people; --json has up to a thousand
constexpr size_t kMostNames = 1000;

std::string short_id(const SnapshotId& id) { return id.hex().substr(0, 8); }

class Repair : public Command {
 public:
  CommandHelp help() const override {
    return {"repair", "[OPTIONS] index | packs [PACK...] | snapshots [SNAPSHOT...]", "make the best of what is damaged",
            "index: packs that no readable index segment names get one, and broken segments are replaced.\n"
            "packs: reads all data, or the PACKs named.  The good chunks of a damaged pack go into new packs, and nothing new\n"
            "relies on the damaged one any more: what is lost is saved again by the next backup that comes across it.\n"
            "snapshots: those that lost something are saved anew, under another id, without the files that can't be had.\n"
            "With --read-data all data is read first; without, it is known what is missing and what `repair packs` found.\n\n"
            "Nothing is deleted unless told: --delete takes away segments and packs that hold nothing that isn't elsewhere,\n"
            "--forget the snapshots that were saved anew.  A good order is: check --read-data, repair index, repair packs,\n"
            "a backup of the same sources, check; and repair snapshots for what is lost for good.\n\n"
            "Exit code: 0 nothing is lost (any more); 1 something is.\n\n"
            "Examples:\n  cairn repair index\n  cairn repair packs -n\n  cairn repair snapshots latest --forget"};
  }
  bool reads_storage() const override { return true; }
  void declare(Arguments& to) override {
    to.flag("-n,--dry-run", dry_run_, "tell what would be done, and write nothing");
    to.flag("--delete", delete_, "of index and packs: remove what was replaced and holds nothing else");
    to.flag("--read-data", read_data_, "of snapshots: read all data first");
    to.flag("--forget", forget_, "of snapshots: forget the damaged ones that were saved anew");
    to.positionals(1, kMostNames, arguments_, "repair what? index, packs or snapshots");
  }

  int run(Session& session) override {
    const std::string what = arguments_[0];
    if (what != "index" && what != "packs" && what != "snapshots")
      throw UsageError("repair " + printable(what) + ": what can be repaired are index, packs and snapshots");
    if (what == "index" && arguments_.size() > 1) throw UsageError("repair index takes no names");
    if (what == "snapshots" && delete_) throw UsageError("repair snapshots deletes no files; --forget forgets the damaged snapshots");
    if (what != "snapshots" && forget_) throw UsageError("--forget belongs to repair snapshots");
    if (what != "snapshots" && read_data_) throw UsageError("--read-data belongs to repair snapshots; repair packs reads all data anyway");
    Progress& progress = session.progress;
    CheckProgress watched;
    watched.phase = [&progress](const std::string& name) { progress.phase(name); };
    watched.check_interrupted = [&progress] { progress.check_interrupted(); };
    Repository& repository = session.repository();
    progress.follow(watched.bytes_done, watched.bytes_total);
    if (what == "index") return repair_index_of(session, repository, watched);
    if (what == "packs") return repair_packs_of(session, repository, watched);
    return repair_snapshots_of(session, repository, watched);
  }

 private:
  int repair_index_of(Session& session, Repository& repository, CheckProgress& watched) {
    session.progress.begin();
    const RepairIndexReport report = repair_index(repository, {delete_, dry_run_, 0}, watched);
    const uint64_t duration_ns = session.progress.elapsed_ns();
    session.progress.finish();
    if (session.options.json) {
      for (const RepairFile& file : report.segments) session.out.line(repair_file_json(file));
      for (const RepairFile& file : report.packs) session.out.line(repair_file_json(file));
      for (const std::string& note : report.notes) session.out.line(message_json("note", "", note));
      session.out.line(repair_index_json(report, dry_run_, duration_ns));
      return report.packs.empty() ? kExitDone : kExitFailed;
    }
    for (const RepairFile& file : report.segments) {
      const char* fate = file.removed ? "  removed" : !file.replaceable ? "  left as it is" : "  --delete removes it: what it says stands elsewhere";
      session.out.line("broken: " + printable(file.name) + ": " + printable(file.why) + "\n" + fate);
    }
    for (const RepairFile& file : report.packs)
      session.out.line("lost: " + printable(file.name) + ": " + printable(file.why) + "\n  and no segment knows what is in it (see: cairn check)");
    if (session.options.quiet) return report.packs.empty() ? kExitDone : kExitFailed;
    tell_notes(session, report.notes);
    std::string text = "Compared " + counted(report.segments_read, "index segment", "index segments") + " with " +
                       counted(report.packs_listed, "pack", "packs") + "; " + human_duration(duration_ns) + ".\n";
    if (report.segments_written > 0)
      text += counted(report.segments_written, "segment", "segments") + (dry_run_ ? " would be written for " : " written for ") +
              counted(report.packs_added, "pack", "packs") + " with " + counted(report.chunks_added, "chunk", "chunks") + ".";
    else
      text += "Every pack that can be read is in a good segment.";
    session.out.line(text);
    return report.packs.empty() ? kExitDone : kExitFailed;
  }

  int repair_packs_of(Session& session, Repository& repository, CheckProgress& watched) {
    RepairPacksOptions options;
    options.packs = choose_packs(session.backend(), {arguments_.begin() + 1, arguments_.end()});
    options.remove = delete_;
    options.dry_run = dry_run_;
    session.progress.begin();
    const RepairPacksReport report = repair_packs(repository, options, watched);
    const uint64_t duration_ns = session.progress.elapsed_ns();
    session.progress.finish();
    const bool lossless = report.missing.empty() && std::ranges::all_of(report.packs, [](const RepairedPack& pack) {
      return pack.known && pack.lost == 0;
    });
    const int code = lossless ? kExitDone : kExitFailed;
    if (session.options.json) {
      for (const RepairedPack& pack : report.packs) session.out.line(repaired_pack_json(pack));
      for (const std::string& name : report.missing) session.out.line(repair_file_json({name, "missing", false, false}));
      for (const std::string& note : report.notes) session.out.line(message_json("note", "", note));
      session.out.line(repair_packs_json(report, dry_run_, duration_ns));
      return code;
    }
    for (const RepairedPack& pack : report.packs) tell_pack(session, pack);
    for (const std::string& name : report.missing) session.out.line("missing: " + printable(name));
    if (session.options.quiet) return code;
    tell_notes(session, report.notes);
    std::string text;
    if (report.packs_read > 0) text = "Read " + counted(report.packs_read, "pack", "packs") + "; " + human_duration(duration_ns) + ".\n";
    if (report.packs.empty()) text += report.missing.empty() ? "No damage." : "No pack that is there is damaged.";
    else if (dry_run_) text += counted(report.packs.size(), "pack is", "packs are") + " damaged; nothing was changed.";
    else text += counted(report.packs.size(), "damaged pack", "damaged packs") + " set aside; " + human_size(report.bytes_stored) + " written.";
    if (!lossless) text += "\nBack up the same sources again to heal what they still have; cairn check names what is hurt.";
    session.out.line(text);
    return code;
  }

  void tell_pack(Session& session, const RepairedPack& pack) const {
    session.out.line("damaged: " + printable(pack.name));
    for (const std::string& reason : pack.reasons) session.out.line("  " + printable(reason));
    if (pack.reason_count > pack.reasons.size())
      session.out.line("  and " + human_count(pack.reason_count - pack.reasons.size()) + " reasons more");
    if (!pack.known) session.out.line("  nobody knows what is in it");
    else
      session.out.line("  of " + counted(pack.chunks, "chunk", "chunks") + " " + human_count(pack.saved) + (dry_run_ ? " are good, " : " saved, ") +
                       human_count(pack.elsewhere) + (dry_run_ ? " bad here but in other packs, " : " in other packs already, ") +
                       human_count(pack.lost) + " lost");
    if (pack.removed) session.out.line("  removed");
    if (!pack.kept_because.empty()) session.out.line("  kept: " + printable(pack.kept_because));
  }

  int repair_snapshots_of(Session& session, Repository& repository, CheckProgress& watched) {
    RepairSnapshotsOptions options;
    for (auto name = arguments_.begin() + 1; name != arguments_.end(); ++name) {
      const SnapshotPath chosen = split_snapshot_path(*name);
      if (!chosen.path.empty()) throw UsageError("repair snapshots takes snapshots without a path, like latest");
      options.snapshots.push_back(session.choose(chosen.snapshot, {}).id);
    }
    options.read_data = read_data_;
    options.dry_run = dry_run_;
    options.forget = forget_;
    session.progress.begin();
    const RepairSnapshotsReport report = repair_snapshots(repository, options, watched);
    const uint64_t duration_ns = session.progress.elapsed_ns();
    session.progress.finish();
    const int code = report.snapshots.empty() && report.unreadable.empty() ? kExitDone : kExitFailed;
    if (session.options.json) {
      for (const RepairedSnapshot& snapshot : report.snapshots) session.out.line(repaired_snapshot_json(snapshot));
      for (const std::string& problem : report.unreadable) session.out.line(message_json("unreadable", "", problem));
      for (const std::string& note : report.notes) session.out.line(message_json("note", "", note));
      session.out.line(repair_snapshots_json(report, dry_run_, duration_ns));
      return code;
    }
    for (const RepairedSnapshot& snapshot : report.snapshots) tell_snapshot(session, snapshot);
    for (const std::string& problem : report.unreadable) session.out.line("can't be opened, left as it is: " + printable(problem));
    if (session.options.quiet) return code;
    tell_notes(session, report.notes);
    session.out.line("Looked at " + counted(report.examined, "snapshot", "snapshots") + "; " + human_duration(duration_ns) + ".\n" +
                     (report.snapshots.empty() ? "None of them lost anything." : counted(report.snapshots.size(), "snapshot", "snapshots") + " lost something."));
    return code;
  }

  void tell_snapshot(Session& session, const RepairedSnapshot& snapshot) const {
    session.out.line("snapshot " + short_id(snapshot.id) + ", " + local_time(snapshot.time_ns) + ", " + printable(snapshot.host) + ": " +
                     counted(snapshot.loss_count, "loss", "losses"));
    size_t shown = 0;
    for (const Loss& loss : snapshot.losses) {
      if (++shown > kMostShownLosses) break;
      session.out.line("  lost " + (loss.path.empty() ? "some components" : printable(loss.path)) + ": " + printable(loss.why));
    }
    if (snapshot.loss_count > kMostShownLosses)
      session.out.line("  and " + human_count(snapshot.loss_count - kMostShownLosses) + " more (--json lists them)");
    for (const std::string& name : snapshot.components_dropped) session.out.line("  left out: " + printable(name));
    if (snapshot.replacement)
      session.out.line("  saved anew as " + short_id(*snapshot.replacement) + (snapshot.made_before ? " by an earlier repair" : "") + ": " +
                       counted(snapshot.files_kept, "file", "files") + ", " + human_size(snapshot.bytes_kept));
    else if (dry_run_ && snapshot.left_because.empty())
      session.out.line("  would be saved anew with " + counted(snapshot.files_kept, "file", "files") + ", " + human_size(snapshot.bytes_kept));
    if (snapshot.forgotten) session.out.line("  forgotten");
    if (!snapshot.left_because.empty()) session.out.line("  left as it is: " + printable(snapshot.left_because));
  }

  static void tell_notes(Session& session, const std::vector<std::string>& notes) {
    for (const std::string& note : notes) session.out.line("note: " + printable(note));
  }

  bool dry_run_ = false, delete_ = false, read_data_ = false, forget_ = false;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_repair() { return std::make_unique<Repair>(); }

}  // namespace cairn
