// The program: finds the command, runs it, and turns what went wrong into one sentence and an exit code.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <new>

#include "cli/command.h"
#include "cli/huge_pages.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/host.h"

namespace cairn {

namespace {

constexpr char kDetails[] =
    "Exit codes: 0 done; 1 failed, nothing recorded; 2 wrong usage; 3 done, but some source files could not be read;\n"
    "10 no repository there; 11 locked; 12 wrong password or key; 130 interrupted.\n\n"
    "Example:\n"
    "  export CAIRN_REPOSITORY=/mnt/backup/cairn CAIRN_PASSWORD_FILE=/etc/cairn/password\n"
    "  cairn init\n"
    "  cairn backup media=/srv/app/media db=exec:'docker exec app-db pg_dumpall -U postgres'\n"
    "  cairn restore latest:media --target /srv/restored";

// Buffers of a megabyte come and go with every slice and frame.  The allocator shall keep them: mapping and unmapping them each
// time cost more than the work itself (`cat` of a dump of 836 MB: 1.35 s of system time, 0.05 s with this).
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  put_heap_in_huge_pages();
  ::mallopt(M_TOP_PAD, 4 << 20);
}

// What whoever started us may have left in a state that would make us lose an exit status, or write into a file of the
// repository.
void repair_inheritance() {
  std::signal(SIGCHLD, SIG_DFL);
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return 2;
    case ErrorCode::kNoRepository: return 10;
    case ErrorCode::kLocked: return 11;
    case ErrorCode::kWrongKey: return 12;
    case ErrorCode::kInterrupted: return 130;
    default: return kExitFailed;
  }
}

int run(const std::vector<std::string>& words, Options& options, Output& out) {
  Parser parser("cairn", "cairn keeps deduplicated, encrypted backups of whole applications.", kDetails, program_version());
  declare_options(parser, options);
  std::vector<std::unique_ptr<Command>> commands;
  for (auto make : {
           make_init,
           make_backup,
           make_snapshots,
           make_ls,
           make_cat,
           make_restore,
           make_mount,
           make_find,
           make_history,
           make_diff,
           make_stats,
           make_check,
           make_forget,
           make_tag,
           make_inspect,
           make_copy,
           make_export,
           make_import,
           make_prune,
           make_key,
           make_repair,
           make_version,
           make_completion,
       }) {
    commands.push_back(make());
    commands.back()->declare(parser.add_command(commands.back()->help()));
  }
  std::string answer;
  const std::string name = parser.parse(words, &answer);
  out.write(answer);
  int code = kExitDone;
  if (!name.empty()) {
    finish_options(options);
    Progress progress(options, out);
    Session session(options, parser, out, progress);
    for (const auto& command : commands) {
      if (command->help().name != name) continue;
      session.index_use = command->index_use();
      session.writes = command->writes();
      session.reads_storage = command->reads_storage();
      code = command->run(session);
    }
  }
  out.flush();
  return code;
}

int tell(const Options& options, std::string_view code_name, const std::string& message, int code) {
  std::cerr << (options.json ? fatal_json(code_name, message, code) : "cairn: " + printable(message)) << std::endl;
  return code;
}

// What was written before an error is right as far as it goes: `cat` of a damaged file ends where the damage begins.
void flush_after_error(Output& out) try {
  out.flush();
} catch (const std::exception&) {
} catch (const OutputClosed&) {
}

int run_and_tell(const std::vector<std::string>& words, Options& options, Output& out) try {
  return run(words, options, out);
} catch (const OutputClosed&) {
  throw;
} catch (const UsageError& e) {
  return tell(options, "usage", e.what(), 2);
} catch (const Error& e) {
  flush_after_error(out);
  return tell(options, error_code_name(e.code()), e.what(), exit_code(e.code()));
} catch (const std::bad_alloc&) {
  return tell(options, "no_memory", "there is not enough memory", kExitFailed);
} catch (const std::exception& e) {
  return tell(options, "unexpected", std::string("unexpected: ") + e.what(), kExitFailed);
}

}  // namespace

}  // namespace cairn

int main(int argc, char** argv) {
  using namespace cairn;
  keep_freed_memory();
  repair_inheritance();
  protect_process();
  catch_signals();
  const std::vector<std::string> words(argv + 1, argv + std::max(argc, 1));
  Options options;
  // Until the words are understood: an error in them shall be told in the right form too.
  options.json = std::ranges::find(words, "--json") != words.end();
  Output out;
  try {
    return run_and_tell(words, options, out);
  } catch (const OutputClosed&) {
    // Nobody reads any more: end as programs do that know nothing of SIGPIPE.
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
    return kExitFailed;
  }
}
