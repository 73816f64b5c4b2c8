// One of cairn's commands: its help, its options, what it does.  Each is a file in cli/commands.
#pragma once

#include <memory>
#include <vector>

#include "cli/session.h"

namespace cairn {

class Command {
 public:
  virtual ~Command() = default;
  virtual CommandHelp help() const = 0;
  // Declares its options; they are written to members, so a command lives as long as the parser.
  virtual void declare(Arguments& to) = 0;
  // kNone for what never asks where a chunk is: it leaves the local index alone.
  virtual IndexUse index_use() const { return IndexUse::kSome; }
  // True: it looks for packs once its lease stands, and not before.
  virtual bool writes() const { return false; }
  // True: it is about what is stored; copies on the local disk won't do.
  virtual bool reads_storage() const { return false; }
  // Returns the exit code; throws what ends the program with another one.
  virtual int run(Session& session) = 0;
};

std::unique_ptr<Command> make_init();
std::unique_ptr<Command> make_backup();
std::unique_ptr<Command> make_snapshots();
std::unique_ptr<Command> make_ls();
std::unique_ptr<Command> make_cat();
std::unique_ptr<Command> make_restore();
std::unique_ptr<Command> make_diff();
std::unique_ptr<Command> make_stats();
std::unique_ptr<Command> make_find();
std::unique_ptr<Command> make_history();
std::unique_ptr<Command> make_inspect();
std::unique_ptr<Command> make_check();
std::unique_ptr<Command> make_copy();
std::unique_ptr<Command> make_prune();
std::unique_ptr<Command> make_key();
std::unique_ptr<Command> make_mount();
std::unique_ptr<Command> make_forget();
std::unique_ptr<Command> make_tag();
std::unique_ptr<Command> make_export();
std::unique_ptr<Command> make_import();
std::unique_ptr<Command> make_repair();
std::unique_ptr<Command> make_version();
std::unique_ptr<Command> make_completion();

}  // namespace cairn
