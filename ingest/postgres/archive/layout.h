// Where what stands in a stored stream: derived text and verbatim bytes take turns.
//
// Places in the *text* count the head and the rendering alone, places in the *verbatim bytes* those alone; so neither depends on
// when verbatim bytes were put between.
#pragma once

#include <cstdint>
#include <vector>

#include "store/coding.h"
#include "store/tree/catalogue.h"

namespace cairn {

class Layout {
 public:
  void add_text(uint64_t length_bytes);
  void add_verbatim(uint64_t length_bytes);
  uint64_t text_bytes() const { return text_; }
  uint64_t verbatim_bytes() const { return verbatim_; }
  uint64_t stored_bytes() const { return text_ + verbatim_; }

  // Where a piece of the text, or of the verbatim bytes, stands in the stored stream: in order, as few as can be; none for an empty
  // piece.  Errors: kCorrupt when it ends beyond what there is.
  std::vector<Extent> text(Extent piece) const { return find(piece, false); }
  std::vector<Extent> verbatim(Extent piece) const { return find(piece, true); }
  // Where a place in the text stands: behind the verbatim bytes that may stand before its byte; no later run comes before it.
  uint64_t text_place(uint64_t offset_bytes) const;

  void encode(Encoder& out) const;
  static Layout decode(Decoder& in);

 private:
  // Verbatim bytes: behind how much text, and which.
  struct Run {
    uint64_t text_before = 0;       // bytes of text before them
    uint64_t verbatim_before = 0;   // verbatim bytes before them
    uint64_t length = 0;
  };
  std::vector<Extent> find(Extent piece, bool verbatim) const;
  std::vector<Run> runs_;
  uint64_t text_ = 0, verbatim_ = 0;
};

}  // namespace cairn
