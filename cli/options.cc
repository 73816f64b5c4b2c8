#include "cli/options.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/terminal.h"

namespace cairn {

namespace {

std::string home() {
  const char* variable = std::getenv("HOME");
  if (variable && *variable == '/') return variable;
  const ::passwd* entry = ::getpwuid(::geteuid());
  return entry && entry->pw_dir && *entry->pw_dir == '/' ? entry->pw_dir : "/";
}

// The XDG specification: a path that isn't absolute is ignored.
std::string xdg_folder(const char* variable, const std::string& below_home) {
  const char* given = std::getenv(variable);
  if (given && *given == '/') return given;
  const std::string base = home();
  return base + (base.ends_with('/') ? "" : "/") + below_home;
}

uint64_t rate(const char* option, const std::string& text) {
  if (text.empty()) return 0;
  uint64_t bytes = 0;
  try {
    bytes = parse_size(text);
  } catch (const std::exception&) {   // said below
  }
  if (bytes < 1024) throw UsageError(std::string(option) + " " + text + ": write how many bytes a second, at least 1K, such as 500K or 2M");
  return bytes;
}

}  // namespace

std::string default_cache_folder() { return xdg_folder("XDG_CACHE_HOME", ".cache") + "/cairn"; }
std::string default_configuration_file() { return xdg_folder("XDG_CONFIG_HOME", ".config") + "/cairn/cairn.toml"; }

void declare_options(Parser& parser, Options& options) {
  parser.set_global([&options](Arguments& to) {
    to.text("-r,--repo", "PLACE", options.repository, "where the repository is: a directory, or s3://BUCKET/PREFIX [CAIRN_REPOSITORY]");
    to.text("--password-file", "FILE", options.password_file, "its password is in FILE [CAIRN_PASSWORD_FILE]");
    to.text("--password-command", "COMMAND", options.password_command, "COMMAND prints its password [CAIRN_PASSWORD_COMMAND]");
    to.text("--key-file", "FILE", options.key_file, "a key file opens it, in place of a password [CAIRN_KEY_FILE]");
    to.text("--cache-dir", "DIR", options.cache_folder, "for what can be made again [CAIRN_CACHE_DIR]; else ~/.cache/cairn");
    to.text("--limit-upload", "RATE", options.limit_upload, "to S3: at most RATE bytes a second, such as 500K or 2M");
    to.text("--limit-download", "RATE", options.limit_download, "from S3: at most RATE bytes a second");
    to.flag("--accept-rollback", options.accept_rollback, "the repository is right as it is now, whatever was seen before");
    to.flag("--json", options.json, "results, and messages on stderr, as one JSON object a line");
    to.flag("-q,--quiet", options.quiet, "no progress and no summary; errors and warnings are still told");
    to.repeated_flag("-v,--verbose", options.verbosity, "tell about every file");
  });
  parser.set_configuration_file(default_configuration_file(), "CAIRN_CONFIG");
  parser.set_variable("--repo", "CAIRN_REPOSITORY");
  parser.set_variable("--password-file", "CAIRN_PASSWORD_FILE");
  parser.set_variable("--password-command", "CAIRN_PASSWORD_COMMAND");
  parser.set_variable("--key-file", "CAIRN_KEY_FILE");
  parser.set_variable("--cache-dir", "CAIRN_CACHE_DIR");
}

void finish_options(Options& options) {
  if (options.quiet && options.verbosity > 0) throw UsageError("--quiet and --verbose exclude each other");
  options.upload_bytes_per_second = rate("--limit-upload", options.limit_upload);
  options.download_bytes_per_second = rate("--limit-download", options.limit_download);
  if (options.cache_folder.empty()) options.cache_folder = default_cache_folder();
}

}  // namespace cairn
