// cairn completion: a script for a shell.
#include "cli/completion.h"

#include "cli/command.h"

namespace cairn {

namespace {

class Completion : public Command {
 public:
  CommandHelp help() const override {
    return {"completion", "bash|zsh|fish", "print a completion script for a shell",
            "Examples:\n  source <(cairn completion bash)\n  cairn completion zsh > ~/.zfunc/_cairn\n"
            "  cairn completion fish | source"};
  }
  void declare(Arguments& to) override { to.positionals(1, 1, shell_, "write a shell: bash, zsh or fish"); }

  int run(Session& session) override {
    session.out.write(completion_script(shell_.at(0), session.parser.global_outline(), session.parser.outline()));
    return kExitDone;
  }

 private:
  std::vector<std::string> shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion() { return std::make_unique<Completion>(); }

}  // namespace cairn
