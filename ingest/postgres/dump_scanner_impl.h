// The inside of DumpScanner: where it is in the dump, and the outline so far.  dump_scanner.cc takes what the lexer finds,
// dump_scanner_outline.cc makes databases and items of what pg_dump's comments say.
//
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgres/dump_scanner.h"
#include "ingest/postgres/header_group.h"
#include "ingest/postgres/item_builder.h"
#include "ingest/postgres/session_settings.h"
#include "ingest/postgres/sql_lexer.h"

namespace cairn {

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
  static constexpr size_t kStatementBytes = size_t{64} << 10;
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
  static std::string at_byte(uint64_t offset) { return "at byte " + std::to_string(offset); }
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

}  // namespace cairn
