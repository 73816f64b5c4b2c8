#include "ingest/postgres/dump_scanner.h"

#include <algorithm>

#include "ingest/postgres/dump_scanner_impl.h"
#include "ingest/postgres/sql_names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostWarnings = 100;
constexpr uint64_t kMostVolatileBytes = 4096;

}  // namespace

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

DumpScanner::DumpScanner(uint64_t offset_bytes) : impl_(std::make_unique<Impl>(offset_bytes)) {}
DumpScanner::~DumpScanner() = default;
DumpScanner::DumpScanner(DumpScanner&&) noexcept = default;

void DumpScanner::scan(ByteView bytes, std::vector<Mark>& marks) { impl_->scan(bytes, marks); }
uint64_t DumpScanner::settled() const { return impl_->settled(); }
bool DumpScanner::failed() const { return impl_->failed(); }
std::string DumpScanner::why_failed() const { return impl_->why_failed(); }
DumpOutline DumpScanner::finish() { return impl_->finish(); }

}  // namespace cairn
