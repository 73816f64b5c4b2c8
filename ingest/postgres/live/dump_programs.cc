#include "ingest/postgres/live/dump_programs.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "store/bytes.h"
#include "store/error.h"

namespace cairn {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMostVersionBytes = 1000;  // of what a program says of its version

struct Version {
  int major = 0, minor = 0;
  std::string text;  // "15.18"
  auto operator<=>(const Version& other) const { return std::pair(major, minor) <=> std::pair(other.major, other.minor); }
  bool operator==(const Version& other) const = default;
};

// From "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" or "18beta1".
std::optional<Version> parse_version(std::string_view text) {
  const size_t begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_first_of(" \n", begin) - begin);
  Version out;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, out.major);
  if (major.ec != std::errc()) return std::nullopt;
  if (major.ptr != end && *major.ptr == '.') std::from_chars(major.ptr + 1, end, out.minor);
  out.text = printable(text);
  return out;
}

std::string output_of(StreamSource& source, size_t most_bytes) {
  std::string out;
  std::array<uint8_t, 256> buffer;
  while (const size_t size = source.read(buffer)) {
    if (out.size() < most_bytes) out.append(text({buffer.data(), size}));
  }
  source.finish();
  return out;
}

// nullopt: it can't be run, or isn't pg_dump.
std::optional<Version> version_of(const std::string& program, Monitor& monitor) {
  try {
    const std::string said = output_of(*run_command(program, {program, "--version"}, monitor), kMostVersionBytes);
    return said.find("PostgreSQL") == std::string::npos ? std::nullopt : parse_version(said);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted) throw;
    return std::nullopt;
  }
}

// Where a pg_dump may be; each real file once.  Debian's pg_wrapper chooses by rules of its own, so it is none.
std::vector<std::string> candidates() {
  std::vector<fs::path> folders;
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const size_t colon = rest.find(':');
    if (colon != 0) folders.emplace_back(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  std::error_code ignored;
  for (const auto& one : fs::directory_iterator("/usr/lib/postgresql", ignored)) folders.push_back(one.path() / "bin");
  for (const auto& one : fs::directory_iterator("/usr", ignored)) {
    if (one.path().filename().string().starts_with("pgsql-")) folders.push_back(one.path() / "bin");
  }
  std::vector<std::string> out;
  std::set<fs::path> seen;
  for (const fs::path& folder : folders) {
    const fs::path program = folder / "pg_dump", real = fs::weakly_canonical(program, ignored);
    if (!folder.is_absolute() || ::access(program.c_str(), X_OK) != 0 || real.filename() == "pg_wrapper") continue;
    if (seen.insert(real).second) out.push_back(program);
  }
  return out;
}

Fd nameless_file(const std::string& content) {
  Fd fd(::memfd_create("cairn", MFD_CLOEXEC));
  if (!fd || ::fchmod(fd.get(), 0600) != 0) throw_errno("a file in memory for a password");
  for (size_t written = 0; written < content.size();) {
    const ssize_t size = ::write(fd.get(), content.data() + written, content.size() - written);
    if (size < 0) throw_errno("a file in memory for a password");
    written += static_cast<size_t>(size);
  }
  return fd;
}

std::string with_backslashes(std::string_view value, std::string_view before) {
  std::string out;
  for (const char c : value) {
    if (before.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string setting(const std::string& keyword, std::string_view value) { return keyword + "='" + with_backslashes(value, "'\\") + "' "; }

}  // namespace

DumpPrograms find_dump_programs(int server_version_num, const std::string& server_version, const std::string& chosen, Monitor& monitor) {
  const int server_major = server_version_num / 10000;
  const std::string server = server_version.substr(0, server_version.find(' '));
  const std::string advice = ": install postgresql-client-" + std::to_string(server_major) + ", or name one with CAIRN_PG_DUMP";
  std::string best;
  std::optional<Version> best_version, too_old;
  for (const std::string& one : chosen.empty() ? candidates() : std::vector{chosen}) {
    const std::optional<Version> version = version_of(one, monitor);
    if (!version) continue;
    if (version->major < server_major) {
      if (!too_old || *too_old < *version) too_old = version;
      continue;
    }
    const bool better = !best_version || version->major < best_version->major || (version->major == best_version->major && *version > *best_version);
    if (better) best = one, best_version = version;
  }
  if (best_version) return {best, fs::path(best).parent_path() / "pg_dumpall"};
  if (too_old) throw Error(ErrorCode::kUnsupported, "pg_dump " + too_old->text + " is older than the server (" + server + ")" + advice);
  const std::string what = chosen.empty() ? "no pg_dump is installed, which a live server is saved with" : printable(chosen) + " is no pg_dump that runs here";
  throw Error(ErrorCode::kUnsupported, what + " (the server is " + server + ")" + advice);
}

ProgramLogin::ProgramLogin(const PostgresParameters& parameters) {
  const std::set<std::string> secrets = secret_keywords();
  std::string service;
  for (const auto& [keyword, value] : parameters) {
    const bool secret = secrets.contains(keyword);
    if (secret && value.find_first_of("\r\n") != std::string::npos) {
      throw Error(ErrorCode::kInvalidArgument, "a password with a line break can't be handed to pg_dump: choose another for the backup's role");
    }
    if (keyword == "password") {
      passwords_ = nameless_file("*:*:*:*:" + with_backslashes(value, ":\\") + "\n");
    } else if (secret) {
      service += keyword + "=" + value + "\n";
    } else if (keyword != "dbname" && keyword != "fallback_application_name") {
      connection_ += setting(keyword, value);
    }
  }
  if (!service.empty()) service_ = nameless_file("[cairn]\n" + service);
}

std::unique_ptr<StreamSource> ProgramLogin::run(const std::string& name, const std::string& program, const std::string& database,
                                                const std::vector<std::string>& arguments, Monitor& monitor) const {
  ChildExtras extras;
  extras.withheld = {"PGPASSWORD", "PGSERVICE", "PGSERVICEFILE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGTARGETSESSIONATTRS"};
  std::string connection = connection_ + setting("dbname", database);
  const auto inherited = [&](const Fd& file) {
    extras.descriptors.push_back(file.get());
    return "/proc/self/fd/" + std::to_string(STDERR_FILENO + extras.descriptors.size());
  };
  if (passwords_) connection += setting("passfile", inherited(passwords_));
  if (service_) {
    extras.variables.push_back("PGSERVICEFILE=" + inherited(service_));
    connection += setting("service", "cairn");
  }
  std::vector<std::string> argv = {program, "--no-password", "--dbname=" + connection};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_command(name, argv, monitor, extras);
}

}  // namespace cairn
