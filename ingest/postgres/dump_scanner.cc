#include "ingest/postgres/dump_scanner.h"

#include <algorithm>

#include "ingest/postgres/header_group.h"
#include "ingest/postgres/item_builder.h"
#include "ingest/postgres/session_settings.h"
#include "ingest/postgres/sql_lexer.h"
#include "ingest/postgres/sql_names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kStatementBytes = size_t{64} << 10;
constexpr size_t kMostItems = 1'000'000, kMostDatabases = 100'000, kMostWarnings = 100;
constexpr uint64_t kMostVolatileBytes = 4096;
constexpr uint64_t kMostMentionsInAll = 2'000'000;   // names of some 60 bytes

constexpr std::string_view kDump = "PostgreSQL database dump", kClusterDump = "PostgreSQL database cluster dump";

std::string at_byte(uint64_t offset) { return "at byte " + std::to_string(offset); }

// What follows `beginning`, if the line begins so.
std::optional<std::string> behind(std::string_view line, std::string_view beginning) {
  if (!line.starts_with(beginning)) return std::nullopt;
  return std::string(line.substr(beginning.size()));
}

}  // namespace

class DumpScanner::Impl : public SqlHandler {
 public:
  explicit Impl(uint64_t offset) : lexer_(*this, kStatementBytes, offset), fed_(offset) {}

  void scan(ByteView bytes, std::vector<Mark>& marks) {
    marks_ = &marks;
    fed_ += bytes.size();
    if (!failed()) lexer_.feed(bytes);
    if (lexer_.failed()) fail(lexer_.why_failed());
    marks_ = nullptr;
  }
  uint64_t settled() const { return failed() ? fed_ : lexer_.unsettled(); }
  bool failed() const { return !why_failed_.empty(); }
  const std::string& why_failed() const { return why_failed_; }
  DumpOutline finish();

  void on_statement(const SqlStatement& statement) override;
  void on_rows(uint64_t begin, ByteView rows, uint64_t lines) override;
  void on_rows_end(uint64_t begin, uint64_t end, uint64_t behind) override;
  void on_command(uint64_t begin, uint64_t end, std::string_view line) override;
  void on_comment(uint64_t begin, uint64_t end, std::string_view line) override;

 private:
  enum class Section { kOutside, kGlobals, kDatabase };

  void group(const HeaderGroup& group);
  bool volatile_comment(std::string_view line);
  void entry(const HeaderGroup& group, EntryHeader header);
  void between_entries(const SqlStatement& statement);
  void restrict_line(uint64_t begin, std::string_view key);
  void unrestrict_line(uint64_t begin, std::string_view key);
  bool is_cut_unrestrict(std::string_view line) const;
  void connect(uint64_t begin, std::string_view line);
  void begin_database(uint64_t begin);
  void end_database(uint64_t end);
  void close_item();
  void reach(uint64_t offset);
  void interrupt();
  void end_insert_records(uint64_t offset);
  void mark(uint64_t offset, bool records);
  void warn(const std::string& warning);
  void fail(const std::string& why);
  std::string why_not_ended(const std::optional<SqlLexer::Unfinished>& unfinished) const;

  SqlLexer lexer_;
  uint64_t fed_;
  std::string why_failed_;
  std::vector<Mark>* marks_ = nullptr;
  std::optional<uint64_t> last_mark_;

  DumpOutline outline_;
  Section section_ = Section::kOutside;
  HeaderGroups groups_;
  TextExtents globals_;
  std::optional<DumpDatabase> database_;
  std::string connected_;             // by a \connect outside of a database's dump
  std::optional<ItemBuilder> item_;
  bool definition_ = false;           // the item is a database's
  bool at_head_ = false;              // of a database's dump, or behind its \connect
  TextExtents settings_;
  SessionSettings session_;
  size_t items_ = 0;
  uint64_t mentions_ = 0;
  bool told_of_mentions_ = false;
  bool statements_seen_ = false, rows_seen_ = false, insert_records_ = false;
  bool dump_seen_ = false, cluster_open_ = false;
  bool finishing_ = false;            // a line that comes now has no end
  struct Restrict {
    std::string key;
    uint64_t begin = 0;
  };
  std::optional<Restrict> restrict_;
  std::string unbalanced_;
};

void DumpScanner::Impl::mark(uint64_t offset, bool records) {
  if (last_mark_ && *last_mark_ >= offset) return;
  last_mark_ = offset;
  marks_->push_back({offset, records});
}

void DumpScanner::Impl::warn(const std::string& warning) {
  if (outline_.warnings.size() < kMostWarnings) outline_.warnings.push_back(warning);
}

void DumpScanner::Impl::fail(const std::string& why) {
  if (!failed()) why_failed_ = why;
}

void DumpScanner::Impl::reach(uint64_t offset) {
  if (item_) item_->text().reach(offset);
  if (section_ == Section::kGlobals) globals_.reach(offset);
  session_.pending().reach(offset);
  settings_.reach(offset);
}

void DumpScanner::Impl::interrupt() {
  if (item_) item_->text().interrupt();
  globals_.interrupt();
  session_.pending().interrupt();
  settings_.interrupt();
}

void DumpScanner::Impl::on_statement(const SqlStatement& statement) {
  if (failed()) return;
  reach(statement.begin);
  groups_.interrupt();
  statements_seen_ = true;
  rows_seen_ = false;
  if (section_ == Section::kGlobals) {
    globals_.add(statement.begin, statement.end);
    return;
  }
  if (section_ != Section::kDatabase) return;
  const bool session_change = SessionSettings::changes(statement.text);
  // Settings stand before the header of what they are for.
  const bool its_own = item_ && !(session_change && item_->has_statements());
  if (!its_own) {
    between_entries(statement);
    return;
  }
  item_->statement(statement, lexer_.standard_strings());
  if (item_->too_much()) fail("a dump entry in too many pieces, " + at_byte(statement.begin));
  if (item_->large_object_data() && statement.text == "COMMIT;") mark(statement.end, false);
  if (item_->inserts() && !insert_records_) {
    insert_records_ = true;
    mark(statement.end, true);
  }
}

void DumpScanner::Impl::between_entries(const SqlStatement& statement) {
  close_item();
  const bool change = SessionSettings::changes(statement.text);
  const bool setting = at_head_ && (change ? !SessionSettings::for_entries(statement.text)
                                           : SessionSettings::calls_set_config(statement.text));
  // DROPs of --clean are neither: they belong to nothing that is restored.
  if (setting) {
    settings_.add(statement.begin, statement.end);
  } else {
    settings_.interrupt();
  }
  if (change && !setting) {
    session_.set(statement);
  } else {
    session_.pending().interrupt();
  }
}

void DumpScanner::Impl::on_rows(uint64_t begin, ByteView rows, uint64_t lines) {
  if (failed()) return;
  if (!rows_seen_) mark(begin, true);
  rows_seen_ = true;
  if (item_) item_->rows(begin, rows, lines);
}

void DumpScanner::Impl::on_rows_end(uint64_t begin, uint64_t end, uint64_t behind) {
  if (failed()) return;
  if (rows_seen_) mark(end, false);
  if (item_) item_->rows_end(begin, end, behind);
}

void DumpScanner::Impl::end_insert_records(uint64_t offset) {
  if (insert_records_) mark(offset, false);
  insert_records_ = false;
}

void DumpScanner::Impl::on_command(uint64_t begin, uint64_t end, std::string_view line) {
  if (failed()) return;
  reach(begin);
  groups_.interrupt();
  interrupt();
  end_insert_records(begin);
  if (finishing_ && is_cut_unrestrict(line)) {
    if (unbalanced_.empty()) unbalanced_ = "it breaks off " + at_byte(fed_);
    return;
  }
  const size_t blank = std::min(line.find(' '), line.size());
  const std::string_view command = line.substr(0, blank), argument = line.substr(std::min(blank + 1, line.size()));
  if (command == "\\restrict" || command == "\\unrestrict") {
    if (end - begin <= kMostVolatileBytes) {
      mark(begin, false);
      mark(end, false);
    }
    command == "\\restrict" ? restrict_line(begin, argument) : unrestrict_line(begin, argument);
  } else if (command == "\\connect") {
    connect(begin, line);
  } else if (command != "\\encoding") {
    warn("backslash command " + printable(command.substr(0, 40)) + " " + at_byte(begin) + ": not known in dumps, left out of all parts");
  }
}

void DumpScanner::Impl::restrict_line(uint64_t begin, std::string_view key) {
  if (restrict_ && unbalanced_.empty()) unbalanced_ = "the \\restrict " + at_byte(restrict_->begin) + " has no \\unrestrict";
  restrict_ = Restrict{std::string(key), begin};
}

void DumpScanner::Impl::unrestrict_line(uint64_t begin, std::string_view key) {
  const bool matches = restrict_ && restrict_->key == key;
  if (!matches && unbalanced_.empty()) unbalanced_ = "the \\unrestrict " + at_byte(begin) + " has no \\restrict";
  restrict_.reset();
}

bool DumpScanner::Impl::is_cut_unrestrict(std::string_view line) const {
  if (!restrict_) return false;
  const std::string whole = "\\unrestrict " + restrict_->key;
  return line.size() < whole.size() && whole.starts_with(line);
}

void DumpScanner::Impl::connect(uint64_t begin, std::string_view line) {
  const std::optional<std::string> target = connect_target(line);
  if (section_ != Section::kDatabase) {
    if (target) connected_ = *target;
    return;
  }
  close_item();
  if (target && *target != database_->name && !database_->items.empty()) {
    // Not as pg_dump writes it: a second database within one dump.
    end_database(begin);
    begin_database(begin);
  }
  if (target) database_->name = *target;
  session_.clear();
  settings_.take();
  at_head_ = true;
}

void DumpScanner::Impl::on_comment(uint64_t begin, uint64_t end, std::string_view line) {
  if (failed()) return;
  if (line.ends_with('\r') && !statements_seen_) return fail("lines end with CR LF, " + at_byte(begin) + ": the dump was converted");
  end_insert_records(begin);
  reach(begin);
  if (item_) item_->text().pass_comment();
  globals_.pass_comment();
  session_.pending().pass_comment();
  settings_.pass_comment();
  const bool in_group = groups_.inside();
  if (std::optional<HeaderGroup> complete = groups_.add(begin, end, line)) return group(*complete);
  if (in_group && groups_.inside()) return;
  if (end - begin <= kMostVolatileBytes && volatile_comment(line)) {
    mark(begin, false);
    mark(end, false);
  }
}

bool DumpScanner::Impl::volatile_comment(std::string_view line) {
  if (std::optional<std::string> started = behind(line, "-- Started on ")) {
    if (outline_.started.empty()) outline_.started = *started;
  } else if (std::optional<std::string> completed = behind(line, "-- Completed on ")) {
    outline_.completed = *completed;
  } else if (std::optional<std::string> server = behind(line, "-- Dumped from database version ")) {
    if (database_) database_->server_version = *server;
  } else if (std::optional<std::string> dumper = behind(line, "-- Dumped by pg_dump version ")) {
    if (database_) database_->dump_version = *dumper;
  } else {
    return false;
  }
  return true;
}

void DumpScanner::Impl::group(const HeaderGroup& group) {
  if (std::optional<EntryHeader> header = parse_entry_header(group)) {
    if (section_ == Section::kDatabase) entry(group, std::move(*header));
    return;
  }
  if (group.lines.size() != 1) return;
  const std::string_view title = group.lines[0];
  if (title == kClusterDump) {
    outline_.cluster = cluster_open_ = dump_seen_ = true;
    section_ = Section::kGlobals;
    globals_.interrupt();
  } else if (title == kDump) {
    begin_database(group.begin);
  } else if (title == "PostgreSQL database dump complete" && section_ == Section::kDatabase) {
    database_->ended = true;
    end_database(group.end);
  } else if (title == "PostgreSQL database cluster dump complete") {
    cluster_open_ = false;
    section_ = Section::kOutside;
  } else if (section_ == Section::kGlobals && title == "Databases") {
    section_ = Section::kOutside;
  }
}

void DumpScanner::Impl::begin_database(uint64_t begin) {
  if (database_) end_database(begin);
  if (outline_.databases.size() == kMostDatabases) return fail("more databases than a dump holds, " + at_byte(begin));
  dump_seen_ = true;
  section_ = Section::kDatabase;
  database_.emplace();
  database_->name = std::exchange(connected_, "");
  database_->extent.offset_bytes = begin;
  session_.clear();
  settings_.take();
  at_head_ = true;
}

void DumpScanner::Impl::end_database(uint64_t end) {
  close_item();
  database_->extent.length_bytes = end - database_->extent.offset_bytes;
  database_->settings = settings_.take();
  outline_.databases.push_back(std::move(*database_));
  database_.reset();
  section_ = Section::kOutside;
}

void DumpScanner::Impl::entry(const HeaderGroup& group, EntryHeader header) {
  at_head_ = false;
  settings_.interrupt();
  if (item_ && item_->takes_on(header)) return item_->take_on(group);
  close_item();
  if (++items_ > kMostItems) return fail("more entries than can be kept, " + at_byte(group.begin));
  definition_ = header.type == "DATABASE" || header.type == "DATABASE PROPERTIES" ||
                (header.schema.empty() && header.tag.starts_with("DATABASE ") &&
                 (header.type == "ACL" || header.type == "COMMENT" || header.type == "SECURITY LABEL"));
  session_.pending().reach(group.begin);
  const bool joined = session_.pending().joined();
  std::vector<Extent> before = session_.before(header.type);
  item_.emplace(std::move(header), group, std::move(before), joined);
  // What stands around the data of large objects is the same only as long as they are.
  if (item_->large_object_data()) mark(group.end, false);
}

void DumpScanner::Impl::close_item() {
  if (!item_) return;
  DumpItem item = item_->finish();
  if ((mentions_ += item.mentions.size()) > kMostMentionsInAll) {
    item.mentions.clear();
    if (!std::exchange(told_of_mentions_, true)) outline_.warnings.push_back("its definitions name too much: not all that a part needs is known");
  }
  (definition_ ? outline_.definitions : database_->items).push_back(std::move(item));
  item_.reset();
}

std::string DumpScanner::Impl::why_not_ended(const std::optional<SqlLexer::Unfinished>& unfinished) const {
  if (unfinished) return "it breaks off inside " + unfinished->what + " that begins " + at_byte(unfinished->begin);
  if (!unbalanced_.empty()) return unbalanced_;
  for (const DumpDatabase& database : outline_.databases) {
    const std::string which = database.name.empty() ? "" : " of " + printable(database.name);
    if (!database.ended) return "the end mark of the database dump" + which + " is missing";
  }
  if (cluster_open_) return "the end mark of the cluster dump is missing";
  if (restrict_) return "the \\restrict " + at_byte(restrict_->begin) + " has no \\unrestrict";
  return dump_seen_ ? "" : "it holds no dump";
}

DumpOutline DumpScanner::Impl::finish() {
  std::vector<Mark> ignored;
  marks_ = &ignored;
  std::optional<SqlLexer::Unfinished> unfinished;
  finishing_ = true;
  if (!failed()) unfinished = lexer_.finish();
  if (database_) end_database(fed_);
  outline_.globals = globals_.take();
  outline_.problem = failed() ? why_failed_ : why_not_ended(unfinished);
  outline_.ended = outline_.problem.empty();
  return std::move(outline_);
}

DumpScanner::DumpScanner(uint64_t offset_bytes) : impl_(std::make_unique<Impl>(offset_bytes)) {}
DumpScanner::~DumpScanner() = default;
DumpScanner::DumpScanner(DumpScanner&&) noexcept = default;

bool DumpScanner::looks_like_dump(ByteView beginning) {
  std::string_view rest = text(beginning);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::optional<std::string> title = behind(line, "-- ");
    if (title && (*title == kDump || *title == kClusterDump)) return true;
    if (!line.empty() && !line.starts_with("--") && !line.starts_with("\\restrict ")) return false;
  }
  return false;
}

void DumpScanner::scan(ByteView bytes, std::vector<Mark>& marks) { impl_->scan(bytes, marks); }
uint64_t DumpScanner::settled() const { return impl_->settled(); }
bool DumpScanner::failed() const { return impl_->failed(); }
std::string DumpScanner::why_failed() const { return impl_->why_failed(); }
DumpOutline DumpScanner::finish() { return impl_->finish(); }

}  // namespace cairn
