// cairn inspect: any stored thing, readable.
#include "store/inspect/inspect.h"

#include "cli/command.h"
#include "cli/find_json.h"
#include "cli/terminal.h"
#include "store/error.h"
#include "store/format.h"

namespace cairn {

namespace {

constexpr char kInspectDetails[] =
    "For whoever looks for the cause of something.  THING is the name of a file in the repository (config, keys/ID, packs/xx/ID,\n"
    "index/ID, snapshots/ID, leases/ID.N, gc/N), a snapshot (an id, latest …) for its manifest, chunk ID, or tree ID with the id\n"
    "of a directory, a chunk list or a catalogue as manifests and trees name them.  Secrets are never shown.  Of what is\n"
    "damaged, or sealed for other keys, it shows what can be read, then why not the rest: exit code 1.\n\n"
    "Examples:\n"
    "  cairn inspect latest\n"
    "  cairn inspect config\n"
    "  cairn inspect tree 5b0f...64 digits";

class Inspect : public Command {
 public:
  CommandHelp help() const override { return {"inspect", "[OPTIONS] THING", "show what is stored, for debugging", kInspectDetails}; }

  bool reads_storage() const override { return true; }
  void declare(Arguments& to) override {
    declare_filter(to, filter_);
    to.positionals(1, 2, arguments_, "THING is missing (try: latest, config, or chunk ID)");
  }
  IndexUse index_use() const override { return IndexUse::kNone; }

  int run(Session& session) override {
    const Inspection inspection = look(session);
    if (session.options.json) session.out.line(inspection_json(inspection));
    else for (const Shown& shown : inspection.shown.beneath) write(session.out, shown, "");
    if (inspection.error.empty()) return kExitDone;
    session.progress.error("", inspection.error);
    return kExitFailed;
  }

 private:
  Inspection look(Session& session) {
    const std::string& thing = arguments_[0];
    if (thing == "chunk" || thing == "tree") {
      const auto id = ChunkId::parse(arguments_.size() > 1 ? arguments_[1] : "");
      if (!id) throw UsageError(thing + ": an id of 64 hexadecimal digits must follow");
      return thing == "chunk" ? inspect_chunk(session.repository(), *id) : inspect_tree(session.repository(), *id);
    }
    if (arguments_.size() > 1) throw UsageError("\"" + printable(arguments_[1]) + "\": only chunk and tree are followed by something");
    const Repository& repository = session.repository();
    if (thing == kConfigName || thing.find('/') != std::string::npos) return inspect_file(repository.backend(), repository.keys(), thing);
    return inspect_file(repository.backend(), repository.keys(), snapshot_name(session.choose(thing, filter_).id));
  }

  static void write(Output& out, const Shown& shown, const std::string& indent) {
    std::string value = shown.form == Shown::Form::kNumber ? std::to_string(shown.number)
                        : shown.form == Shown::Form::kTime ? rfc3339(shown.number)
                                                           : printable(shown.text);
    out.line(indent + printable(shown.key) + ":" + (value.empty() ? "" : " " + value));
    for (const Shown& beneath : shown.beneath) write(out, beneath, indent + "  ");
  }

  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_inspect() { return std::make_unique<Inspect>(); }

}  // namespace cairn
