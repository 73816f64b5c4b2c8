// cairn tag: tags and protection of snapshots that are there already.
#include <algorithm>
#include <set>

#include "cli/command.h"
#include "cli/snapshot_json.h"
#include "cli/terminal.h"
#include "store/error.h"
#include "store/notes/notes.h"

namespace cairn {

namespace {

class Tag : public Command {
 public:
  CommandHelp help() const override {
    return {"tag", "[OPTIONS] SNAPSHOT...", "change tags, protect snapshots from being forgotten",
            "A protected snapshot is neither forgotten nor reduced, also when it is named, until it is unprotected.\n"
            "The snapshots themselves don't change: what is said here is written beside them.  Only an owner's key may.\n\n"
            "Example:\n  cairn tag --add before-upgrade --protect latest"};
  }
  void declare(Arguments& to) override {
    to.list("--add", "TAG", added_, "add this tag");
    to.list("--remove", "TAG", removed_, "remove this tag");
    to.list("--set", "TAG", set_, "this tag (with several: these) in place of all it has");
    to.flag("--protect", protect_, "keep it, whatever forget is told");
    to.flag("--unprotect", unprotect_, "take that back");
    declare_filter(to, filter_);
    to.positionals(1, kMost, named_, "which snapshots?");
  }
  IndexUse index_use() const override { return IndexUse::kNone; }

  int run(Session& session) override {
    const bool tags = !added_.empty() || !removed_.empty() || !set_.empty();
    if (protect_ && unprotect_) throw UsageError("--protect or --unprotect, not both");
    if (!set_.empty() && (!added_.empty() || !removed_.empty())) throw UsageError("--set says all tags: it needs no --add and no --remove");
    if (!tags && !protect_ && !unprotect_) throw UsageError("what shall change?  Give --add, --remove, --set, --protect or --unprotect");
    Repository& repository = session.repository();
    if (!repository.keys().maintenance_seed)
      throw Error(ErrorCode::kWrongKey, std::string("this key may only ") + (repository.keys().may_read() ? "read" : "write") +
                                            ": changing tags needs an owner's key");
    std::vector<Manifest> changed;
    for (const std::string& name : named_) {
      const Manifest& m = session.choose(name, filter_);
      if (std::ranges::find(changed, m.id, &Manifest::id) == changed.end()) changed.push_back(m);
    }
    std::vector<Statement> statements;
    for (Manifest& m : changed) note(m, tags, statements);
    const size_t count = statements.size();
    if (count > 0) session.require_no_rollback();
    if (count > 0) put_note(repository.backend(), repository.keys(), std::move(statements));
    tell(session, changed, count);
    return kExitDone;
  }

 private:
  static constexpr size_t kMost = 1'000'000;

  // Says only what is new.
  void note(Manifest& m, bool tags, std::vector<Statement>& to) const {
    Statement s;
    s.snapshot = m.id;
    std::set<std::string> wanted(m.tags.begin(), m.tags.end());
    if (!set_.empty()) wanted = {set_.begin(), set_.end()};
    wanted.insert(added_.begin(), added_.end());
    for (const std::string& tag : removed_) wanted.erase(tag);
    std::vector<std::string> sorted(wanted.begin(), wanted.end());
    if (tags && sorted != m.tags) {
      s.kind = Statement::Kind::kTags;
      s.tags = m.tags = std::move(sorted);
      to.push_back(s);
    }
    if ((protect_ || unprotect_) && m.is_protected != protect_) {
      s.kind = Statement::Kind::kProtected;
      s.tags.clear();
      s.on = m.is_protected = protect_;
      to.push_back(s);
    }
  }

  static void tell(Session& session, const std::vector<Manifest>& changed, size_t statements) {
    for (const Manifest& m : changed) {
      if (session.options.json) {
        session.out.line(tags_json(m));
      } else if (!session.options.quiet) {
        std::string tags;
        for (const std::string& tag : m.tags) tags += (tags.empty() ? " tags " : ", ") + printable(tag);
        session.out.line(m.id.hex().substr(0, 8) + ":" + (tags.empty() ? " no tags" : tags) + (m.is_protected ? "; protected" : ""));
      }
    }
    if (session.options.json) session.out.line(tag_summary_json(changed.size(), statements));
  }

  std::vector<std::string> added_, removed_, set_, named_;
  bool protect_ = false, unprotect_ = false;
  SnapshotFilter filter_;
};

}  // namespace

std::unique_ptr<Command> make_tag() { return std::make_unique<Tag>(); }

}  // namespace cairn
