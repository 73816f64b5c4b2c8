// cairn forget: which snapshots may go, and why.
#include <algorithm>
#include <map>

#include "cli/command.h"
#include "cli/commands/prune.h"
#include "cli/commands/retention_lock.h"
#include "cli/snapshot_json.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "store/error.h"
#include "store/retention/candidates.h"
#include "store/retention/reduce.h"

namespace cairn {

namespace {

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + printable(word);
  return out;
}

std::vector<std::string> names_of(const Manifest& m) {
  std::vector<std::string> out;
  for (const ComponentInfo& component : m.components) out.push_back(component.name);
  return out;
}

// Looks at once whether this key may do it, before anything is read.
void require_owner(const Repository& repository, bool dry_run) {
  const Keyring& keys = repository.keys();
  if (!keys.may_read()) throw Error(ErrorCode::kWrongKey, "this key may only write: forgetting snapshots needs an owner's key");
  if (!keys.maintenance_seed && !dry_run)
    throw Error(ErrorCode::kWrongKey, "this key may only read: forgetting snapshots needs an owner's key (--dry-run works with this one)");
}

class Forget : public Command {
 public:
  CommandHelp help() const override {
    return {"forget", "[OPTIONS] [SNAPSHOT...]", "choose which snapshots to keep, forget the others",
            "What none of the --keep options keeps is forgotten.  Snapshots are judged in groups: those of one host with the same\n"
            "components (--group-by), made with one key.  Whatever is asked for, these stay: the newest of each group, the last one that\n"
            "was verified, and protected ones (cairn tag --protect).  An incomplete snapshot takes no complete one's place.\n"
            "Days, weeks and so on are those of the local calendar; weeks begin on Monday.\n\n"
            "--keep COMPONENT:RULES gives one component rules of its own: last, hourly, daily, weekly, monthly, yearly, within, tag.  A\n"
            "snapshot that loses only some of its components gets a new id.\n\n"
            "SNAPSHOTs that are named are forgotten unless they are protected.  Space comes back with the next prune.\n\n"
            "Exit code: 1 when nothing of a writer was forgotten because it sent too many snapshots at once (--allow-burst).\n\n"
            "Example:\n"
            "  cairn forget --preset standard --dry-run\n  cairn forget --preset standard --prune\n"
            "  cairn forget --keep db:hourly=168,daily=30 --keep media:weekly=8"};
  }
  bool writes() const override { return true; }
  IndexUse index_use() const override { return prune_ ? IndexUse::kMost : IndexUse::kSome; }
  void declare(Arguments& to) override {
    to.list("--preset", "NAME", presets_, "standard (7 daily, 4 weekly, 12 monthly) or last10 (the last 10); several add up");
    to.number("--keep-last", 1, kMostCount, rules_.last, "keep the newest N");
    to.number("--keep-hourly", 1, kMostCount, rules_.hourly, "keep the newest of each of N hours that have any");
    to.number("--keep-daily", 1, kMostCount, rules_.daily, "likewise of N days");
    to.number("--keep-weekly", 1, kMostCount, rules_.weekly, "likewise of N weeks");
    to.number("--keep-monthly", 1, kMostCount, rules_.monthly, "likewise of N months");
    to.number("--keep-yearly", 1, kMostCount, rules_.yearly, "likewise of N years");
    to.text("--keep-within", "TIME", within_, "keep all that are at most so much older than the newest: 12h, 30d, 8w, 6m, 1y6m");
    to.list("--keep-tag", "TAG", rules_.tags, "keep all with this tag");
    to.list("--keep", "COMPONENT:RULES", component_rules_, "rules for one component, as in db:hourly=168,daily=30");
    to.text("--group-by", "KEYS", group_by_, "judge together what shares these: some of host,components,tags (host,components), or none");
    declare_filter(to, filter_);
    to.flag("--allow-burst", allow_burst_, "also when one writer sent more than 50 snapshots within a day");
    to.flag("--prune", prune_, "free the space afterwards, as cairn prune does");
    lock_.declare(to);
    to.flag("-n,--dry-run", dry_run_, "tell what would be forgotten and why, change nothing");
    to.positionals(0, kMostCount, named_, "");
  }

  int run(Session& session) override {
    const RetentionPolicy policy = policy_asked_for();
    if (lock_.given() && !prune_) throw UsageError("--retention-lock goes with --prune: without it there is nothing new to lock");
    lock_.check(session);
    if (!named_.empty() && !(policy.general.empty() && policy.components.empty()))
      throw UsageError("name snapshots or give rules for keeping, not both");
    CandidateOptions options{parse_group_by(group_by_), !policy.components.empty(), allow_burst_};
    if (named_.empty()) decide({}, policy);   // refuses a policy without rules before a password is asked for
    require_owner(session.repository(), dry_run_);
    if (!dry_run_) session.require_no_rollback();
    session.snapshots();
    if (named_.empty()) judge(session, policy, options);
    else take_named(session, options);
    if (session.options.json) tell_programs(session);
    else if (!session.options.quiet) tell_people(session, options);
    if (!dry_run_) carry_out(session);
    const int code = tell_end(session);
    if (!prune_) return code;
    return std::max(code, run_prune(session, PruneOptions{.dry_run = dry_run_}, &lock_));
  }

 private:
  static constexpr int kMostCount = 1'000'000;
  struct Judged {
    const Manifest* snapshot = nullptr;
    RetentionSnapshot seen;
    Decision decision;
  };

  RetentionPolicy policy_asked_for() const {
    RetentionPolicy policy;
    KeepRules presets;
    for (const std::string& name : presets_) presets = both_rules(presets, preset_rules(name));
    policy.general = rules_;
    if (!within_.empty()) policy.general.within = parse_span(within_);
    // A number that was typed is meant, whatever a preset says of it.
    for (int KeepRules::*count : {&KeepRules::last, &KeepRules::hourly, &KeepRules::daily, &KeepRules::weekly, &KeepRules::monthly,
                                  &KeepRules::yearly})
      if (policy.general.*count == 0) policy.general.*count = presets.*count;
    for (const std::string& text : component_rules_) {
      ComponentRules one = parse_component_rules(text);
      KeepRules& rules = policy.components[one.component];
      rules = both_rules(rules, one.rules);
    }
    return policy;
  }

  void judge(Session& session, const RetentionPolicy& policy, const CandidateOptions& options) {
    const std::vector<Manifest>& all = session.snapshots();
    const std::vector<RetentionSnapshot> seen = retention_snapshots(all, options, session.repository().config().created_ns);
    for (const auto& [component, rules] : policy.components)
      if (std::ranges::none_of(all, [&](const Manifest& m) { return m.component(component) != nullptr; }))
        session.progress.warning("--keep " + component + ": no snapshot has a component of this name");
    std::vector<RetentionSnapshot> chosen;
    for (size_t i = 0; i < all.size(); ++i) {
      if (!filter_.matches(all[i])) continue;
      judged_.push_back({&all[i], seen[i], {}});
      chosen.push_back(seen[i]);
    }
    const std::vector<Decision> decisions = decide(chosen, policy);
    for (size_t i = 0; i < judged_.size(); ++i) judged_[i].decision = decisions[i];
  }

  void take_named(Session& session, const CandidateOptions& options) {
    const std::vector<Manifest>& all = session.snapshots();
    const std::vector<RetentionSnapshot> seen = retention_snapshots(all, options, session.repository().config().created_ns);
    for (const std::string& name : named_) {
      const Manifest& m = session.choose(name, filter_);
      if (m.is_protected)
        throw Error(ErrorCode::kInvalidArgument, "snapshot " + m.id.hex().substr(0, 8) + " is protected: nothing was forgotten (allow it with: cairn tag "
                                                 "--unprotect " + m.id.hex().substr(0, 8) + ")");
      if (std::ranges::find(judged_, &m, &Judged::snapshot) != judged_.end()) continue;
      judged_.push_back({&m, seen[static_cast<size_t>(&m - all.data())], {false, {"named"}, {}}});
    }
  }

  static std::string action(const Decision& decision) {
    return !decision.keep ? "forget" : decision.reduced() ? "keep " + joined(decision.components, ", ") : "keep";
  }

  void tell_people(Session& session, const CandidateOptions& options) const {
    std::map<std::string, std::vector<const Judged*>> groups;
    std::map<std::string, bool> authors;
    for (const Judged& one : judged_) {
      groups[one.seen.group].push_back(&one);
      authors[one.snapshot->credited_author().hex()] = true;
    }
    for (const auto& [key, members] : groups) {
      const Manifest& first = *members.front()->snapshot;
      std::vector<std::string> title;
      if (options.group_by.host) title.push_back("host " + first.host);
      if (options.group_by.components && !options.by_component) title.push_back("components " + joined(names_of(first), ", "));
      if (options.group_by.tags) title.push_back(first.tags.empty() ? "no tags" : "tags " + joined(first.tags, ", "));
      if (authors.size() > 1) title.push_back("key " + first.credited_author().hex().substr(0, 8));
      session.out.line(title.empty() ? "All snapshots" : joined(title, "; "));
      Table table({{"ID"}, {"TIME"}, {"TAGS"}, {"COMPONENTS"}, {"ACTION"}, {"WHY"}});
      for (const Judged* one : members) {
        const Manifest& m = *one->snapshot;
        const bool same_components = options.group_by.components && !options.by_component;
        std::string why = joined(one->decision.reasons, "; ");
        if (!one->seen.doubt.empty()) why += " (" + one->seen.doubt + ")";
        table.add({m.id.hex().substr(0, 8), local_time(m.time_ns), joined(m.tags, ", "),
                   same_components ? "" : joined(names_of(m), ", "), action(one->decision), why});
      }
      session.out.write(table.text());
      session.out.line("");
    }
  }

  void tell_programs(Session& session) const {
    for (const Judged& one : judged_) session.out.line(decision_json(*one.snapshot, one.decision, one.seen.doubt));
  }

  void carry_out(Session& session) {
    std::vector<SnapshotId> forgotten;
    std::vector<Reduction> reductions;
    for (const Judged& one : judged_) {
      if (!one.decision.keep) forgotten.push_back(one.snapshot->id);
      if (one.decision.reduced()) reductions.push_back({one.snapshot, one.decision.components});
    }
    session.progress.begin();
    replaced_ = cairn::carry_out(session.repository(), forgotten, reductions, [&session] { session.progress.check_interrupted(); });
    session.progress.finish();
  }

  int tell_end(Session& session) const {
    ForgetCounts counts;
    bool held = false;
    for (const Judged& one : judged_) {
      ++(!one.decision.keep ? counts.forgotten : one.decision.reduced() ? counts.reduced : counts.kept);
      held |= !one.seen.held.empty() && named_.empty();
    }
    if (held)
      session.progress.warning("a writer sent more than 50 snapshots within a day, so nothing of it is forgotten: look at them, then forget those that "
                               "nobody made by naming them, or use --allow-burst");
    if (session.options.json) {
      session.out.line(forget_json(counts, replaced_, dry_run_));
    } else if (!session.options.quiet) {
      std::string text = (dry_run_ ? "Would forget " : "Forgot ") + counted(counts.forgotten, "snapshot", "snapshots");
      if (counts.reduced > 0) text += (dry_run_ ? ", would reduce " : ", reduced ") + human_count(counts.reduced);
      text += (dry_run_ ? ", would keep " : ", kept ") + human_count(counts.kept) + ".";
      if (!dry_run_ && !prune_ && counts.forgotten + counts.reduced > 0) text += "  To free their space, run: cairn prune";
      session.out.line(text);
    }
    return held ? kExitFailed : kExitDone;
  }

  KeepRules rules_;
  std::vector<std::string> presets_, component_rules_, named_;
  std::string within_, group_by_ = "host,components";
  SnapshotFilter filter_;
  RetentionLockOption lock_;
  bool allow_burst_ = false, dry_run_ = false, prune_ = false;
  std::vector<Judged> judged_;
  std::map<SnapshotId, SnapshotId> replaced_;
};

}  // namespace

std::unique_ptr<Command> make_forget() { return std::make_unique<Forget>(); }

}  // namespace cairn
