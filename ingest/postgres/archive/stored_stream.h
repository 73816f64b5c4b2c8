// The stored stream of an archive under construction: the head, the rendering as it is scanned, verbatim bytes between.
//
// Memory:   the head, what was not read yet, and at most some MiB of verbatim bytes that wait for a good place.
// Threads:  one thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "ingest/parts/parted_source.h"
#include "ingest/postgres/archive/layout.h"
#include "ingest/postgres/dump_scanner.h"

namespace cairn {

class StoredStream {
 public:
  // The archive's head, which is text, but not scanned.
  explicit StoredStream(Bytes head);

  // More of the rendering.
  void text(ByteView bytes);
  void text(std::string_view words) { text(view(words)); }
  // Verbatim bytes.  They go into the stream when many have gathered, at the end of a line; and in any case at end_text().
  void verbatim(ByteView bytes);
  // The rendering is over.  Verbatim bytes may follow.
  void end_text();
  // The stream is over.  Requires end_text().
  void end() { put_verbatim(); }

  // Including what is not scanned yet.
  uint64_t text_bytes() const { return layout_.text_bytes() + text_.size(); }

  // What of the stored stream was not read yet.
  size_t waiting_bytes() const { return waiting_bytes_; }
  size_t read(std::span<uint8_t> into);

  uint64_t settled() const;
  void take_marks(std::vector<Mark>& marks);

  const Layout& layout() const { return layout_; }
  // Of the rendering, its offsets in the text.  nullopt: it can't be a dump; `why` says why.  Requires end_text().
  std::optional<DumpOutline>& outline() { return outline_; }
  std::string why_no_dump() const { return scanner_.why_failed(); }

 private:
  void scan();
  void scan(ByteView bytes);
  void put_verbatim();
  void queue(Bytes bytes);

  DumpScanner scanner_;
  std::optional<DumpOutline> outline_;
  bool text_ended_ = false;
  Bytes text_;                        // not scanned yet
  Bytes verbatim_;                    // not put yet
  Layout layout_;                     // of what was scanned and put
  std::vector<Mark> new_marks_;       // in the text
  std::deque<Mark> marks_;            // in the stored stream
  bool records_ = false;              // what the last mark said
  std::deque<Bytes> waiting_;
  size_t waiting_bytes_ = 0, front_begin_ = 0;
  uint64_t read_bytes_ = 0;
};

}  // namespace cairn
