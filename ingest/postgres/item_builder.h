// Puts one entry of a dump together while its text passes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgres/header_group.h"
#include "ingest/postgres/outline.h"
#include "ingest/postgres/sql_lexer.h"

namespace cairn {

// Extents of pieces of text; those that follow each other become one, with what stands between them.
class TextExtents {
 public:
  void add(uint64_t begin, uint64_t end);
  // Blank space up to here belongs to what stands before it.
  void reach(uint64_t offset);
  // A comment: it belongs to it if another piece follows.
  void pass_comment() { comment_ = true; }
  // What comes next isn't joined to what came before.
  void interrupt() { apart_ = true; }
  bool empty() const { return extents_.empty(); }
  size_t size() const { return extents_.size(); }
  std::vector<Extent> take();
  // Extents to begin with, all before what comes.
  void begin_with(std::vector<Extent> extents, bool joined);
  bool joined() const { return !apart_ && !extents_.empty(); }

 private:
  std::vector<Extent> extents_;
  bool apart_ = false, comment_ = false;
};

// Memory:   the item, of which its text has at most kMostExtents extents and kMostMentions names.
// Threads:  one thread at a time.
class ItemBuilder {
 public:
  static constexpr size_t kMostExtents = 100'000, kMostMentions = 20'000, kSampleBytes = size_t{64} << 10;

  // `before`: text that goes with it and stands before its header; the last of it is `joined` to the header or not.
  ItemBuilder(EntryHeader header, const HeaderGroup& group, std::vector<Extent> before, bool joined);

  void statement(const SqlStatement& statement, bool standard_strings);
  void rows(uint64_t begin, ByteView rows, uint64_t lines);
  void rows_end(uint64_t begin, uint64_t end, uint64_t behind);
  TextExtents& text() { return text_; }

  const std::string& type() const { return item_.type; }
  bool has_statements() const { return statements_ > 0; }
  bool inserts() const { return item_.inserts; }
  bool large_object_data() const { return item_.type == "BLOBS"; }
  bool too_much() const { return text_.size() > kMostExtents; }

  // Entries of large objects can be as many as rows: those of one kind that follow each other are one item.
  bool takes_on(const EntryHeader& header) const;
  void take_on(const HeaderGroup& group);

  DumpItem finish();

 private:
  void learn(std::string_view sql, bool standard_strings);
  void sample(std::string_view bytes);

  DumpItem item_;
  TextExtents text_;
  uint64_t statements_ = 0;
  bool watched_ = false;
};

}  // namespace cairn
