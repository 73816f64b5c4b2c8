// cairn init: a new repository, never over anything that is there.
#include "cli/command.h"
#include "cli/commands/content_args.h"
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
            "How content is cut and compressed is chosen here for good; backup --compression and --chunks choose otherwise for one\n"
            "run.  Without these options it is what suits nearly everybody.  Other chunk sizes share nothing with what another\n"
            "repository has, and smaller ones cost memory and time.\n\n"
            "Examples:\n  cairn -r /mnt/backup/cairn init\n  cairn -r /mnt/media/cairn init --compression off --file-chunks coarse"};
  }
  void declare(Arguments& to) override {
    to.text("--compression", "auto|off|1-19", compression_, "zstd level for everything, auto: by kind of content (default: auto)");
    to.text("--chunk-sizes", "FINE,NORMAL,COARSE", sizes_, "average lengths of chunks, powers of two (default: 16K,64K,1M)");
    to.choice("--file-chunks", {"fine", "normal", "coarse"}, file_chunks_, "which of them files in trees get (default: normal)");
    to.choice("--stream-chunks", {"fine", "normal", "coarse"}, stream_chunks_, "which of them streams and dumps get (default: fine)");
  }

  int run(Session& session) override {
    InitOptions options;
    options.content.compression = parse_compression("--compression", compression_);
    options.content.file_chunks = parse_chunk_size(file_chunks_).value();
    options.content.stream_chunks = parse_chunk_size(stream_chunks_).value();
    options.sizes = parse_chunk_sizes("--chunk-sizes", sizes_);
    Backend& backend = session.backend();
    // Before somebody thinks of a password in vain.  This is no wrong usage but a refusal (exit code 1).
    for (const StoredFile& file : backend.list(""))
      if (file.name == kConfigName)
        throw Error(ErrorCode::kIo, backend.describe() + ": there is a repository already; it was left as it is");
    if (!backend.list("").empty() || !backend.list_foreign().empty())
      throw Error(ErrorCode::kIo, backend.describe() + ": is not empty; choose a new place for the repository");
    const Password password = session.password(Ask::kTwice);
    session.progress.check_interrupted();
    const RepositoryId id = Repository::init(backend, password.view(), options);
    if (session.options.json) {
      session.out.line(init_json(id, backend.describe()));
    } else if (!session.options.quiet) {
      session.out.line("Made the repository " + id.hex().substr(0, 16) + " in " + printable(backend.describe()) + ".");
      session.out.line("Keep its password safe, in more than one place: without it nothing can be restored, by anybody.");
    }
    return kExitDone;
  }

 private:
  std::string compression_ = "auto", sizes_ = "16K,64K,1M", file_chunks_ = "normal", stream_chunks_ = "fine";
};

}  // namespace

std::unique_ptr<Command> make_init() { return std::make_unique<Init>(); }

}  // namespace cairn
