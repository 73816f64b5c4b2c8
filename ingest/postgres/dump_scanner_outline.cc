// DumpScanner's outline: what the comments of pg_dump and pg_dumpall announce.
#include <algorithm>
#include <utility>

#include "ingest/postgres/dump_scanner_impl.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostItems = 1'000'000, kMostDatabases = 100'000;
constexpr uint64_t kMostMentionsInAll = 2'000'000;   // names of some 60 bytes

constexpr std::string_view kDump = "PostgreSQL database dump", kClusterDump = "PostgreSQL database cluster dump";

// What follows `beginning`, if the line begins so.
std::optional<std::string> behind(std::string_view line, std::string_view beginning) {
  if (!line.starts_with(beginning)) return std::nullopt;
  return std::string(line.substr(beginning.size()));
}

}  // namespace

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

}  // namespace cairn
