// Bytes that come once, from beginning to end: standard input, or a command's standard output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/monitor.h"
#include "ingest/stream/child_process.h"

namespace cairn {

class StreamSource {
 public:
  virtual ~StreamSource() = default;
  // Reads at least one byte unless the stream has ended; returns how many.  Requires: !into.empty().
  virtual size_t read(std::span<uint8_t> into) = 0;
  // After the end was read: throws when the stream isn't what it should be (a command that failed or was killed: kIo, with its
  // exit status and its last words from stderr).
  virtual void finish() = 0;
};

// Both kinds throw kInterrupted out of read() and finish() soon after somebody asked to stop, and `monitor` must outlive them.

// Standard input.  Nobody knows how its writer ended.
std::unique_ptr<StreamSource> open_stdin(Monitor& monitor);

// Runs argv[0] with arguments, without a shell.  Its environment is ours without CAIRN_* variables; its standard input is
// /dev/null, it has a session of its own without a terminal (a password prompt fails instead of waiting forever), and of our
// descriptors it gets none.  Its stderr lines go to monitor.warning("NAME: line"), the first 1,000 of them; the last are kept for
// the error of finish().  Destroying it before the end kills the command's process group and waits for it.
// Errors: kNotFound when the program isn't there, kIo when it can't be started.
// `extras`: descriptors and variables that it gets all the same.
std::unique_ptr<StreamSource> run_command(const std::string& name, const std::vector<std::string>& argv, Monitor& monitor,
                                          const ChildExtras& extras = {});

// Runs `/bin/sh -c script` likewise.
std::unique_ptr<StreamSource> run_shell(const std::string& name, const std::string& script, Monitor& monitor);

}  // namespace cairn
