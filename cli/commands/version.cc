// cairn version: what this program is and how it uses this machine.
#include "cli/command.h"
#include "cli/json.h"
#include "store/crypto/blake3.h"
#include "store/crypto/sodium.h"
#include "store/format.h"
#include "store/host.h"

namespace cairn {

namespace {

std::string_view suite_name(Suite suite) { return suite == Suite::kAes256Gcm ? "aes-256-gcm" : "xchacha20-poly1305"; }

class Version : public Command {
 public:
  CommandHelp help() const override {
    return {"version", "[OPTIONS]", "print the version",
            "Also which code computes the chunk ids, which cipher a new repository gets on this machine, and the version of the\n"
            "repository format.\n\nExample:\n  cairn version --json"};
  }
  void declare(Arguments&) override {}

  int run(Session& session) override {
    const std::string program = program_version(), blake3(blake3_implementation()), suite(suite_name(best_suite()));
    if (session.options.json) {
      session.out.line(version_json(program.substr(program.find(' ') + 1), blake3, suite, kFormatVersion));
    } else {
      session.out.line(program);
      session.out.line("blake3 " + blake3 + ", cipher " + suite + ", repository format " + std::to_string(kFormatVersion));
    }
    return kExitDone;
  }
};

}  // namespace

std::unique_ptr<Command> make_version() { return std::make_unique<Version>(); }

}  // namespace cairn
