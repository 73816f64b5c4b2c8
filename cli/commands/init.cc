// cairn init: a new repository, never over anything that is there.
#include "cli/command.h"
#include "cli/json.h"
#include "store/error.h"
#include "store/format.h"

namespace cairn {

namespace {

class Init : public Command {
 public:
  CommandHelp help() const override {
    return {"init", "[OPTIONS]", "make a new repository",
            "The place is made if it isn't there, and must be empty if it is.  The password is asked for twice, or comes from\n"
            "--password-file, CAIRN_PASSWORD_FILE, CAIRN_PASSWORD_COMMAND or CAIRN_PASSWORD.  Nothing in the repository can be\n"
            "read without it, by anybody: keep a copy somewhere else.\n\n"
            "Example:\n  cairn -r /mnt/backup/cairn init"};
  }
  void declare(Arguments&) override {}

  int run(Session& session) override {
    Backend& backend = session.backend();
    // Before somebody thinks of a password in vain.  This is no wrong usage but a refusal (exit code 1).
    for (const StoredFile& file : backend.list(""))
      if (file.name == kConfigName)
        throw Error(ErrorCode::kIo, backend.describe() + ": there is a repository already; it was left as it is");
    if (!backend.list("").empty() || !backend.list_foreign().empty())
      throw Error(ErrorCode::kIo, backend.describe() + ": is not empty; choose a new place for the repository");
    const Password password = session.password(Ask::kTwice);
    session.progress.check_interrupted();
    const RepositoryId id = Repository::init(backend, password.view(), InitOptions{});
    session.remember_place(id);
    if (session.options.json) {
      session.out.line(init_json(id, backend.describe()));
    } else if (!session.options.quiet) {
      session.out.line("Made the repository " + id.hex().substr(0, 16) + " in " + printable(backend.describe()) + ".");
      session.out.line("Keep its password safe, in more than one place: without it nothing can be restored, by anybody.");
    }
    return kExitDone;
  }
};

}  // namespace

std::unique_ptr<Command> make_init() { return std::make_unique<Init>(); }

}  // namespace cairn
