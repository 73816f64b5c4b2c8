// The options that every command has, and where their values come from.
//
// Order:    command line, environment, configuration file, built-in.
#pragma once

#include <cstdint>
#include <string>

#include "cli/arguments.h"

namespace cairn {

struct Options {
  std::string repository;        // a path or s3://…; "" when nobody said
  std::string limit_upload, limit_download;   // as given
  uint64_t upload_bytes_per_second = 0, download_bytes_per_second = 0;   // 0: no limit; from finish_options()
  std::string password_file, password_command, key_file;
  std::string password_variable = "CAIRN_PASSWORD";
  std::string cache_folder;      // "" until finish_options()
  bool json = false, quiet = false;
  bool accept_rollback = false;  // what is there now is right, whatever was seen before
  int verbosity = 0;
};

// Declares them all; `options` must outlive the parser.
void declare_options(Parser& parser, Options& options);

// Fills in what depends on the environment.  UsageError for -q with -v, and for limits that are none.
void finish_options(Options& options);

// $XDG_CACHE_HOME/cairn, else ~/.cache/cairn; likewise for the configuration: $XDG_CONFIG_HOME/cairn/cairn.toml,
// else ~/.config/cairn/cairn.toml.  The home directory is $HOME, else the one in the password database (cron and systemd
// may leave HOME out).
std::string default_cache_folder();
std::string default_configuration_file();

}  // namespace cairn
