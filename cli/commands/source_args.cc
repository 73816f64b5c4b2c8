#include "cli/commands/source_args.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "cli/interrupt.h"
#include "cli/session.h"
#include "ingest/postgres/postgres_url.h"
#include "store/error.h"
#include "store/tree/entry.h"

namespace cairn {

namespace {

constexpr std::string_view kExec = "exec:";
constexpr size_t kMostNameBytes = 255;  // it becomes a directory on restore

bool exists(const std::string& path) {
  struct ::stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string in_quotes(std::string_view text) { return "\"" + printable(text) + "\""; }

// Behind assignments (PGUSER=x pg_dump).
std::string first_word(std::string_view script) {
  constexpr std::string_view kBlanks = " \t\n";
  while (true) {
    script.remove_prefix(std::min(script.find_first_not_of(kBlanks), script.size()));
    const std::string_view word = script.substr(0, script.find_first_of(kBlanks));
    const size_t equals = word.find('=');
    const bool assignment = equals != word.npos && equals > 0 && word.substr(0, equals).find_first_of("/'\"$") == word.npos;
    if (!assignment) return std::string(word);
    script.remove_prefix(word.size());
  }
}

std::string last_element(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path == "/" ? path : path.substr(path.rfind('/') + 1));
}

std::string name_of_path(const std::string& path) {
  std::string name = last_element(path);
  if (name == "." || name == "..") {
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    if (!error) name = last_element(real.native());
  }
  return name == "/" ? "root" : name;
}

void require_component_name(const std::string& name, const std::string& source) {
  const bool control = std::ranges::any_of(name, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
  if (valid_entry_name(name) && !control && name.size() <= kMostNameBytes) return;
  throw UsageError("a component can't be called " + in_quotes(name) + ": give it a name without / and control characters: NAME=" +
                   printable(source));
}

class SourceParser {
 public:
  explicit SourceParser(const SourceArguments& arguments) : arguments_(arguments) {}

  void add(const std::string& argument) {
    if (!special(argument, "") && (exists(argument) || !named(argument))) add_path(argument, "");
  }
  void add_command();
  std::vector<SourceSpec> finish();

 private:
  bool named(const std::string& argument);
  bool special(const std::string& source, const std::string& name);
  void add_path(const std::string& path, const std::string& name);
  void add_stdin(const std::string& name);
  void add_script(const std::string& script, const std::string& name);
  void add_postgres(const std::string& url, const std::string& name);
  void add_redis(const std::string& url, const std::string& name);
  void add_bucket(const std::string& url, const std::string& name);
  void add(SourceSpec spec) {
    require_component_name(spec.name, spec.description);
    specs_.push_back(std::move(spec));
  }

  const SourceArguments& arguments_;
  std::vector<SourceSpec> specs_;
  bool has_stdin_ = false;
};

// NAME=SOURCE; false when it isn't.
bool SourceParser::named(const std::string& argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string::npos || equals + 1 == argument.size() || argument.find('/') < equals) return false;
  const std::string name = argument.substr(0, equals), source = argument.substr(equals + 1);
  if (name.empty()) throw UsageError(in_quotes(argument) + ": there is no name before the =");
  if (!special(source, name)) add_path(source, name);
  return true;
}

// A command, standard input, a server, or what this version can't do; `name` "" : to be found.
bool SourceParser::special(const std::string& source, const std::string& name) {
  if (source == "-") {
    add_stdin(name);
  } else if (PostgresUrl::is_one(source)) {
    add_postgres(source, name);
  } else if (RedisUrl::is_one(source)) {
    add_redis(source, name);
  } else if (BucketAddress::is_one(source)) {
    add_bucket(source, name);
  } else if (source.starts_with(kExec)) {
    add_script(source.substr(kExec.size()), name);
  } else if (const std::string_view scheme = url_scheme(source); !scheme.empty() && !exists(source)) {
    // Without the rest: there may be a password in it.
    throw UsageError(std::string(scheme) +
                     "://...: sources of this kind are not supported by this version; a dump is: NAME=exec:COMMAND");
  } else {
    return false;
  }
  return true;
}

void SourceParser::add_path(const std::string& path, const std::string& name) {
  if (path.empty()) throw UsageError("a source is empty (\"\"): write a path");
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kPath;
  spec.name = name.empty() ? name_of_path(path) : name;
  spec.path = spec.description = path;
  add(std::move(spec));
}

void SourceParser::add_stdin(const std::string& name) {
  if (has_stdin_) throw UsageError("standard input (-) can be read only once");
  has_stdin_ = true;
  if (!name.empty() && !arguments_.stdin_name.empty() && name != arguments_.stdin_name)
    throw UsageError("standard input has two names: " + in_quotes(name) + " and " + in_quotes(arguments_.stdin_name));
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kStdin;
  spec.name = !name.empty() ? name : !arguments_.stdin_name.empty() ? arguments_.stdin_name : "stdin";
  spec.description = "stdin";
  add(std::move(spec));
}

void SourceParser::add_script(const std::string& script, const std::string& name) {
  const std::string word = first_word(script);
  if (word.empty()) throw UsageError("exec: a command must follow, like db=exec:\"pg_dumpall -U postgres\"");
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kShell;
  spec.name = name.empty() ? last_element(word) : name;
  spec.script = script;
  spec.description = describe_script(script);
  add(std::move(spec));
}

void SourceParser::add_postgres(const std::string& url, const std::string& name) {
  const PostgresUrl parsed(url);
  const char* pg_dump = std::getenv("CAIRN_PG_DUMP");
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kPostgres;
  spec.name = name.empty() ? parsed.component_name() : name;
  spec.postgres = PostgresSourceOptions{parsed, arguments_.exclude_databases, pg_dump ? pg_dump : "", 0};
  spec.description = parsed.description();
  add(std::move(spec));
}

void SourceParser::add_redis(const std::string& url, const std::string& name) {
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kRedis;
  spec.redis = RedisUrl(url);
  spec.name = name.empty() ? spec.redis->component_name() : name;
  spec.description = spec.redis->description();
  add(std::move(spec));
}

void SourceParser::add_bucket(const std::string& url, const std::string& name) try {
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kBucket;
  spec.bucket = find_bucket(url, interrupted);
  spec.name = name.empty() ? spec.bucket->component_name() : name;
  spec.description = spec.bucket->place.describe();
  add(std::move(spec));
} catch (const Error& e) {
  if (e.code() != ErrorCode::kInvalidArgument) throw;
  throw UsageError(e.what());
}

void SourceParser::add_command() {
  if (arguments_.command_name.empty()) return;
  if (arguments_.command.empty())
    throw UsageError("--command NAME: write the command after --, like --command db -- pg_dumpall -U postgres");
  SourceSpec spec;
  spec.kind = SourceSpec::Kind::kCommand;
  spec.name = arguments_.command_name;
  spec.argv = arguments_.command;
  spec.description = "command:" + last_element(spec.argv[0]) + (spec.argv.size() > 1 ? " ..." : "");
  add(std::move(spec));
}

std::vector<SourceSpec> SourceParser::finish() {
  if (!has_stdin_ && !arguments_.stdin_name.empty())
    throw UsageError("--stdin-name: write - among the sources to read standard input");
  if (!arguments_.exclude_databases.empty() && std::ranges::find(specs_, SourceSpec::Kind::kPostgres, &SourceSpec::kind) == specs_.end())
    throw UsageError("--exclude-database belongs to a source postgresql://...; a dump leaves databases out itself: pg_dumpall --exclude-database");
  if (specs_.empty()) throw UsageError("nothing to back up: give a path, NAME=exec:COMMAND, --command NAME -- COMMAND, postgresql://..., redis://..., s3://..., or -");
  std::set<std::string> names;
  for (const SourceSpec& spec : specs_)
    if (!names.insert(spec.name).second)
      throw UsageError("two components are called " + in_quotes(spec.name) + ": give one of them another name, like " +
                       printable(spec.name) + "2=" + printable(spec.description));
  return std::move(specs_);
}

}  // namespace

std::string describe_script(std::string_view script) {
  const std::string word = first_word(script);
  return std::string(kExec) + word + (script == word ? "" : " ...");
}

std::vector<SourceSpec> parse_sources(const SourceArguments& arguments) {
  SourceParser parser(arguments);
  for (const std::string& argument : arguments.sources) parser.add(argument);
  parser.add_command();
  return parser.finish();
}

StreamFormat parse_format(const std::string& format) {
  if (format == "auto") return StreamFormat::kAuto;
  if (format == "raw") return StreamFormat::kRaw;
  if (format == "postgres") return StreamFormat::kPostgres;
  return format == "redis" ? StreamFormat::kRedis : StreamFormat::kJson;
}

}  // namespace cairn
