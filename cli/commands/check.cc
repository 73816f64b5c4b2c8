// cairn check: is everything there, and is it what was written?
#include "store/check/check.h"

#include <algorithm>
#include <cstdlib>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "store/check/verified.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostShownVictims = 20;  // of one damage, for people; --json has up to a thousand

class Check : public Command {
 public:
  CommandHelp help() const override {
    return {"check", "[OPTIONS]", "look for damage in the repository",
            "Every file, every pack's table against the index, every snapshot down to the chunks it needs.  With --read-data\n"
            "all the data too: every frame is opened and every chunk's id computed again; with --read-data=10% a tenth of the\n"
            "packs, chosen at random.\n"
            "What is damaged is told with the snapshots and paths it hurts, and what was there when this machine looked last.\n"
            "With --expect, whether the repository has the state of a backup that printed this code, on whatever machine.\n"
            "Nothing is changed; but with an owner's key the snapshots that were found whole are noted as such.\n\n"
            "Exit code: 0 all is well; 1 something is damaged.\n\n"
            "Example:\n  cairn check --read-data=5%"};
  }
  bool reads_storage() const override { return true; }
  IndexUse index_use() const override { return IndexUse::kMost; }
  void declare(Arguments& to) override {
    to.optional_text("read-data", "PERCENT", "100", percent_, "also read the data, all of it or PERCENT of the packs");
    to.list("--expect", "CODE", expected_, "the witness code of a backup: its state must be there; may be repeated");
  }

  int run(Session& session) override {
    CheckOptions options;
    options.read_data_percent = percent();
    for (const std::string& code : expected_) {
      const auto witness = parse_witness(code);
      if (!witness) throw UsageError("--expect " + code + ": write a code as a backup prints it, like 0abc-defg-hjkm-npqr");
      options.expected.push_back(*witness);
    }
    Progress& progress = session.progress;
    CheckProgress watched;
    watched.phase = [&progress](const std::string& name) { progress.phase(name); };
    watched.check_interrupted = [&progress] { progress.check_interrupted(); };
    Repository& repository = session.repository();
    repository.keys().require_may_read();
    progress.follow(watched.bytes_done, watched.bytes_total);
    progress.begin();
    CheckReport report = check(repository, options, watched);
    add_rollbacks(session, report);
    note_verified(repository, report, options.read_data_percent >= 100 ? Statement::How::kReadData : Statement::How::kCheck);
    const uint64_t duration_ns = progress.elapsed_ns();
    progress.finish();
    if (session.options.json) {
      tell_programs(session, report, duration_ns);
    } else {
      tell_people(session, report, duration_ns);
    }
    return report.damage.empty() ? kExitDone : kExitFailed;
  }

 private:
  // What a gap in a chain told already isn't told again.
  static void add_rollbacks(Session& session, CheckReport& report) {
    for (const Rollback& rollback : session.rollbacks()) {
      if (std::ranges::find(report.damage, rollback.file, &Damage::file) != report.damage.end()) continue;
      report.damage.push_back({rollback.file, rollback.what, {}, 0});
    }
  }

  double percent() const {
    if (percent_.empty()) return 0;
    const std::string digits = percent_.ends_with('%') ? percent_.substr(0, percent_.size() - 1) : percent_;
    char* end = nullptr;
    const double value = std::strtod(digits.c_str(), &end);
    if (digits.empty() || *end != '\0' || !(value > 0 && value <= 100))
      throw UsageError("--read-data=" + percent_ + ": write a percentage above 0, at most 100, like 5%");
    return value;
  }

  static void tell_programs(Session& session, const CheckReport& report, uint64_t duration_ns) {
    for (const Damage& damage : report.damage) session.out.line(damage_json(damage));
    for (const std::string& note : report.notes) session.out.line(message_json("note", "", note));
    session.out.line(check_json(report, duration_ns));
  }

  static void tell_people(Session& session, const CheckReport& report, uint64_t duration_ns) {
    for (const Damage& damage : report.damage) {
      session.out.line("damaged: " + printable(damage.file) + ": " + printable(damage.what));
      size_t shown = 0;
      for (const Damage::Victim& victim : damage.victims) {
        if (++shown > kMostShownVictims) break;
        session.out.line("  hurts " + victim.snapshot.substr(0, 8) +
                         (victim.path.empty() ? ", all of it" : ":" + printable(victim.path)));
      }
      if (damage.victim_count > kMostShownVictims)
        session.out.line("  and " + human_count(damage.victim_count - kMostShownVictims) + " more (--json lists them)");
    }
    if (session.options.quiet) return;
    for (const std::string& note : report.notes) session.out.line("note: " + printable(note));
    std::string text = "Checked " + counted(report.snapshots, "snapshot", "snapshots") + ", " +
                       counted(report.packs, "pack", "packs") + ", " + counted(report.chunks, "chunk", "chunks");
    if (report.packs_read > 0)
      text += "; read " + human_size(report.bytes_read) + " of " + counted(report.packs_read, "pack", "packs");
    text += "; " + human_duration(duration_ns) + ".\n";
    if (report.unreferenced_bytes > 0) text += human_size(report.unreferenced_bytes) + " belong to no snapshot.\n";
    text += report.damage.empty() ? "No damage." : counted(report.damage.size(), "file is", "files are") + " damaged.";
    session.out.line(text);
  }

  std::string percent_;
  std::vector<std::string> expected_;
};

}  // namespace

std::unique_ptr<Command> make_check() { return std::make_unique<Check>(); }

}  // namespace cairn
