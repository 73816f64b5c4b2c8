// What `backup` is asked to take in: [NAME=]SOURCE..., --stdin-name, --command NAME -- CMD…, made into components.
//
// A SOURCE is a path, "exec:SHELL-COMMAND", "postgresql://…", "redis://…", "s3://…" or "-".  "NAME=" is a name only when there is no '/' in it and something follows;
// a path that has a '=' in it and exists as it was given is that path ("a=b" where there is a file of this name).
//
// Names:    without NAME= the last element of the path ("root" for "/", the real directory's for "." and ".."), the command's
//           first word, the last element of a bucket's prefix (else the bucket), or --stdin-name.  Not empty, ".", "..", with '/' or a control character.
// Errors:   UsageError, telling what to write instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "ingest/backup.h"

namespace cairn {

struct SourceArguments {
  std::vector<std::string> sources;
  std::string stdin_name;                // "" : not given
  std::string command_name;              // of --command, "" : not given
  std::vector<std::string> command;      // its words
  std::vector<std::string> exclude_databases;  // of servers
};

// In the order given, the command last; at least one, no two of one name.
std::vector<SourceSpec> parse_sources(const SourceArguments& arguments);

// For the snapshot and for messages: "exec:pg_dump ...": what follows the first word may be a password.
std::string describe_script(std::string_view script);

// Reads --format.   Requires: one of its choices.
StreamFormat parse_format(const std::string& format);

}  // namespace cairn
