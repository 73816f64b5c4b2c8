// An archive as a plain dump: what `pg_restore -C -f -` of the same version prints, without the \restrict lines.
//
// The entries of the table of contents come in its order, those with data when their data comes.
//
// Memory:   the table of contents, and 16 KiB of a large object.
// Threads:  one thread at a time.
// Source:   PostgreSQL documentation: pg_restore, pg_dump; the output of pg_restore 15 and 17.
#pragma once

#include <string>
#include <vector>

#include "ingest/postgres/archive/recipe.h"
#include "ingest/postgres/archive/stored_stream.h"
#include "ingest/postgres/archive/toc.h"

namespace cairn {

class Renderer {
 public:
  // Both must outlive this.  Writes the head.
  Renderer(const Toc& toc, StoredStream& out);

  // Writes what stands before the entry in the table of contents.  False: not all of it yet, much waits to be read; call again.
  bool ready(const TocEntry& entry) { return advance_to(index(entry) + 1); }

  // The entry whose data comes next.  Requires: has_data, not arrived() yet, ready().
  void begin_data(const TocEntry& entry);
  void data(ByteView rows);
  // The rows are over.  False: they break off, for the end is missing that pg_dump writes; COPY gets one all the same.
  bool end_data();

  // The same for an entry of large objects.
  void begin_large_objects(const TocEntry& entry);
  void begin_large_object(uint32_t oid);
  void large_object_data(ByteView bytes);
  void end_large_object();
  void end_large_objects();
  PlainSource::Form large_object_form() const;

  // Everything that is left, and the end.  False: not all of it yet, much waits to be read; call again.
  bool finish();

  bool arrived(const TocEntry& entry) const { return arrived_[index(entry)]; }
  // The first entry whose data didn't come; nullptr: all came.
  const TocEntry* missing() const;

  // True when statements about large objects were left out, being more than any pg_dump would write.
  bool cut_short() const { return cut_short_; }

  static bool holds_large_objects(const TocEntry& entry) { return entry.kind == "BLOBS"; }

 private:
  enum class Pass { kMain, kGrants, kLast, kOver };
  static Pass pass(const TocEntry& entry);
  size_t index(const TocEntry& entry) const { return static_cast<size_t>(&entry - toc_.entries.data()); }
  bool full() const;
  bool advance_to(size_t end);
  void settings();
  void definition(const TocEntry& entry);
  void print(const TocEntry& entry, std::string_view prefix);
  void header(const TocEntry& entry, std::string_view prefix);
  void statements(const TocEntry& entry);
  void owner(const TocEntry& entry);
  void search_path(const std::optional<std::string>& schema);
  void each_large_object(const TocEntry& entry, std::string_view before, std::string_view behind);
  void large_object_grants(const TocEntry& entry);
  void lowrite();
  std::string quote(std::string_view name) const;

  const Toc& toc_;
  StoredStream& out_;
  size_t next_ = 0;                      // the first entry that was not looked at in the main pass
  Pass pass_ = Pass::kMain;              // at the end: the pass, and
  size_t next_of_pass_ = 0;              // the first entry that was not looked at in it
  std::vector<bool> arrived_;            // by entry: its data
  std::string encoding_ = "SQL_ASCII";
  bool standard_strings_ = false;
  std::string search_path_;              // the statement; "" in old archives
  std::string schema_, tablespace_ = "\n", access_method_;   // as last set; "\n": not yet
  std::string tail_;                     // the last bytes of rows
  bool copy_ = false;
  uint64_t expanded_bytes_ = 0, expanded_in_all_ = 0;        // of what is said of each of several large objects: by this entry, by all
  bool cut_short_ = false;
  Bytes large_object_;
};

}  // namespace cairn
