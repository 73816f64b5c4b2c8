// Makes the parts of a document, and the marks for its chunks, of what a JsonScanner tells.   ingest/document/document_source.h
//
// A part is named when what it is in is known well enough to be named: elements are called by a member that may come last, so what is
// nested in one is held until it closes; so are the objects of an object until it is known to hold nothing else.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/document/document_source.h"
#include "ingest/document/element_name.h"
#include "ingest/document/json_scanner.h"
#include "ingest/document/label_rules.h"
#include "ingest/sort/part_sorter.h"

namespace cairn {

class DocumentParts : public JsonEvents {
 public:
  enum class Shape : uint8_t { kDocument, kLines };

  // `profiles` must outlive this.
  DocumentParts(const std::vector<DocumentProfile>& profiles, Shape shape, uint64_t most_parts = kMostDocumentParts);

  void begin(Kind kind, uint64_t offset) override;
  void end(Kind kind, uint64_t end) override;
  void name(std::string_view name, uint64_t offset) override;
  void scalar(Kind kind, std::string_view text, uint64_t begin, uint64_t end) override;
  bool wanted() const override { return candidate_ != kNoLabel; }
  int deepest() const override;

  // A second value came though the shape is kDocument: nothing is done any more, the text wants to be read again as kLines.
  bool stopped() const { return stopped_; }
  // The text can't be read again: a second value then makes the first one an element of lines, without what is nested in it.
  void keep_going() { may_stop_ = false; }
  // Ascending; whoever takes them clears them.
  std::vector<Mark>& marks() { return marks_; }
  // There is an object or an array at the top.
  bool any_container() const { return any_container_; }
  // What is open now, as a path: "Users/17".
  std::string where() const;

  // Properties, parts and warnings.   Requires: once, at the end.   `ended`: false when the text broke off.
  StreamParts finish(bool ended);

 private:
  struct Frame {
    Kind kind = Kind::kArray;
    uint64_t begin = 0, place = 0;
    uint64_t count = 0;           // members or elements so far
    size_t path_length = 0;       // elements of its path
    bool top = false;             // the document itself: no part
    bool element = false;         // of an array, or a line
    bool beneath = false;         // in an element
    bool rooted = true;           // its path is known
    bool ignored = false;         // neither a part nor has it any
    bool map = true;              // an object with nothing but objects so far; what is in an array is a record
    bool sure = false;            // it counts as one whatever comes
    std::string name;             // of a member
    std::string prefix;           // of the paths of what is in it, when rooted
    size_t held = 0;              // from here on held_ is nested in it
    size_t owner = 0;             // the element that a label in here would be for; 0: none
    size_t level = 0;             // members within that
    LabelRules::Set rules = 0;    // that may apply here
    uint32_t rank = kNoLabel;     // of its label
    std::string label;
    UsedNames used;
  };
  // What closed in something whose path isn't known yet.  What it is in comes behind it, as that closes later.
  struct Held {
    uint64_t begin, end, count;
    uint32_t name_begin, name_bytes;   // in held_names_
    uint16_t level;                    // containers it is in
    bool part;                         // else only the others' path leads through it
    bool if_map;                       // a part only if what it is in turns out to be an object of objects
  };
  struct Facts {
    uint64_t begin = 0, end = 0, count = 0;
    Kind kind = Kind::kNull;
  };
  struct Detection {
    const DocumentProfile* profile;
    std::vector<bool> seen;       // of profile->detect
  };

  void claim_for_original();
  Frame& top() { return frames_[open_ - 1]; }
  bool next_value_counts();
  void become_lines();
  Frame& push(Kind kind, uint64_t offset);
  void prepare_labels(Frame& frame, const Frame& parent);
  void end_element(const Frame& frame, Frame& parent, uint64_t end);
  void end_member(const Frame& frame, Frame& parent, uint64_t end);
  bool name_it(Frame& parent, std::string_view label, uint64_t place, size_t held);
  void settle_map(const Frame& frame, size_t level);
  void hold(const Frame& frame, uint64_t end, bool part, bool if_map);
  void truncate_held(size_t to);
  void flush_held(size_t from);
  void emit_section(std::string_view member, std::string_view name, const Facts& facts);
  void emit(std::string_view path, std::string_view kind, const Facts& facts);
  void tell_properties(StreamParts& out) const;

  const std::vector<DocumentProfile>& profiles_;
  const uint64_t most_parts_;
  bool lines_;
  bool may_stop_ = true, stopped_ = false, any_container_ = false;
  std::vector<Frame> frames_;     // the first is what the values at the top are in; kept when closed, so that their memory is used again
  size_t open_ = 1;
  std::array<char, JsonScanner::kMostTextBytes> name_bytes_;   // of the member that comes
  std::string_view name_;
  uint32_t candidate_ = kNoLabel; // its rank, if that is better than what is known
  std::string element_, path_;    // while they are made
  LabelRules rules_;              // of the section that is open
  Facts first_;                   // of the first value at the top
  std::string first_label_;
  std::vector<Held> held_;
  std::string held_names_;
  PartSorter sorter_;
  Part part_;                     // kept, so that its memory is used again
  uint64_t parts_ = 0, names_ = 0, elements_ = 0, sections_ = 0;
  bool some_held_dropped_ = false, some_parts_dropped_ = false;
  std::string section_names_;
  std::vector<Detection> detections_;
  std::vector<Mark> marks_;
};

}  // namespace cairn
