// cairn init: a new repository, never over anything that is there.
#include <algorithm>

#include "cli/command.h"
#include "cli/commands/content_args.h"
#include "cli/json.h"
#include "cli/key_file.h"
#include "store/error.h"
#include "store/format.h"

namespace cairn {

namespace {

class Init : public Command {
 public:
  CommandHelp help() const override {
    return {"init", "[OPTIONS]", "make a new repository",
            "The place is made if it isn't there, and must be empty if it is.  The password is asked for twice, or comes from\n"
            "--password-file, CAIRN_PASSWORD_FILE, CAIRN_PASSWORD_COMMAND or CAIRN_PASSWORD.  With --new-key-file a file with a\n"
            "random key takes its place: it is made unless it is there, and later given as --key-file or CAIRN_KEY_FILE.\n"
            "Nothing in the repository can be read without it, by anybody: keep a copy somewhere else.\n\n"
            "How content is cut and compressed is chosen here for good; backup --compression and --chunks choose otherwise for one\n"
            "run.  Without these options it is what suits nearly everybody.  Other chunk sizes share nothing with what another\n"
            "repository has, and smaller ones cost memory and time.\n\n"
            "Examples:\n  cairn -r /mnt/backup/cairn init\n  cairn -r /mnt/backup/cairn init --new-key-file /etc/cairn/key\n"
            "  cairn -r /mnt/media/cairn init --compression off --file-chunks coarse"};
  }
  void declare(Arguments& to) override {
    to.text("--new-key-file", "FILE", new_key_file_, "FILE will open it, in place of a password; made if it isn't there");
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
    // Key slots without a config are what an interrupted init left; they are in nobody's way.
    const auto files = backend.list("");
    const bool empty = std::ranges::all_of(files, [](const StoredFile& file) { return file.name.starts_with("keys/"); });
    if (!empty || !backend.list_foreign().empty())
      throw Error(ErrorCode::kIo, backend.describe() + ": is not empty; choose a new place for the repository");
    const Password password = new_key_file_.empty() ? session.password(Ask::kTwice) : key_file(session.options);
    session.progress.check_interrupted();
    options.kdf = new_kdf_params(password.kind());
    const RepositoryId id = Repository::init(backend, password.unlock(), options);
    session.remember_place(id);
    if (session.options.json) {
      session.out.line(init_json(id, backend.describe()));
    } else if (!session.options.quiet) {
      session.out.line("Made the repository " + id.hex().substr(0, 16) + " in " + printable(backend.describe()) + ".");
      session.out.line(std::string("Keep its ") + (password.kind() == SlotKind::kKeyFile ? "key file" : "password") + " safe, in more than one place: without it nothing can be restored, by anybody.");
    }
    return kExitDone;
  }

 private:
  Password key_file(const Options& options) const {
    Options others = options;
    if (others.key_file == new_key_file_) others.key_file.clear();  // CAIRN_KEY_FILE is set already for what comes next
    const std::string sources = named_sources(others);
    if (!sources.empty()) throw UsageError("ambiguous password: there is --new-key-file and " + sources + "; give one of them");
    return make_key_file(new_key_file_);
  }

  std::string new_key_file_;
  std::string compression_ = "auto", sizes_ = "16K,64K,1M", file_chunks_ = "normal", stream_chunks_ = "fine";
};

}  // namespace

std::unique_ptr<Command> make_init() { return std::make_unique<Init>(); }

}  // namespace cairn
