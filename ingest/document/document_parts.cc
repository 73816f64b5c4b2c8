#include "ingest/document/document_parts.h"

#include <algorithm>
#include <cstring>

namespace cairn {

namespace {

constexpr size_t kMostPathElements = 6;
constexpr size_t kMostHeld = 100'000, kMostHeldNamesBytes = 16 << 20;
constexpr uint64_t kSureOfMap = 1000;             // objects in an object, and nothing else
constexpr uint64_t kLongSectionBytes = 64 << 10;  // longer ones end with a cut
constexpr uint64_t kMostSectionCuts = 1000;
constexpr uint64_t kMostNamedSections = 1000;
constexpr size_t kMostSectionNamesBytes = 64 << 10;

std::string_view type_name(JsonEvents::Kind kind) {
  switch (kind) {
    case JsonEvents::Kind::kObject: return "object";
    case JsonEvents::Kind::kArray: return "array";
    case JsonEvents::Kind::kString: return "string";
    case JsonEvents::Kind::kNumber: return "number";
    case JsonEvents::Kind::kTrue:
    case JsonEvents::Kind::kFalse: return "boolean";
    case JsonEvents::Kind::kNull: break;
  }
  return "null";
}

}  // namespace

DocumentParts::DocumentParts(const std::vector<DocumentProfile>& profiles, Shape shape, uint64_t most_parts)
    : profiles_(profiles), most_parts_(most_parts), lines_(shape == Shape::kLines), frames_(1) {
  claim_for_original();
  for (const DocumentProfile& profile : profiles) detections_.push_back({&profile, std::vector<bool>(profile.detect.size())});
}

void DocumentParts::claim_for_original() {
  std::string original = "document";
  frames_.front().used.claim(original, 0);
}

int DocumentParts::deepest() const {
  if (stopped_) return -1;
  const Frame& frame = frames_[open_ - 1];
  const auto depth = static_cast<int>(open_) - 1;   // of what is in it
  return frame.ignored && frame.rules == 0 ? depth - 1 : depth;
}

void DocumentParts::name(std::string_view name, uint64_t) {
  std::memcpy(name_bytes_.data(), name.data(), name.size());
  name_ = {name_bytes_.data(), name.size()};
  candidate_ = kNoLabel;
  const Frame& frame = frames_[open_ - 1];
  if (frame.owner == 0) return;
  uint32_t rank = frame.rules == 0 ? kNoLabel : rules_.rank(frame.rules, frame.level, name);
  if (rank == kNoLabel && frame.level == 0) rank = usual_label_rank(name);
  if (rank < frames_[frame.owner].rank) candidate_ = rank;
}

void DocumentParts::scalar(Kind kind, std::string_view text, uint64_t begin, uint64_t end) {
  if (open_ == 1 && !next_value_counts()) return;
  Frame& frame = top();
  const uint64_t place = frame.count++;
  if (frame.kind == Kind::kArray) return;
  frame.map = false;
  if (candidate_ != kNoLabel && (kind == Kind::kString || kind == Kind::kNumber) && !text.empty()) {
    frames_[frame.owner].label.assign(text);
    frames_[frame.owner].rank = candidate_;
    frames_[frame.owner - 1].used.expect(text);
  }
  if (frame.top && name_it(frame, name_, place, held_.size())) emit_section(name_, element_, {begin, end, 0, kind});
}

// Before a value at the top: false when it doesn't matter any more.
bool DocumentParts::next_value_counts() {
  if (stopped_) return false;
  if (lines_ || frames_.front().count == 0) return true;
  stopped_ = may_stop_;
  if (!stopped_) become_lines();
  return !stopped_;
}

void DocumentParts::become_lines() {
  lines_ = true;
  sorter_ = PartSorter();
  parts_ = names_ = elements_ = sections_ = 0;
  section_names_.clear();
  detections_.clear();
  frames_.front().used.clear();
  claim_for_original();
  if (first_.kind != Kind::kObject) return;
  make_element_name(first_label_.empty() ? "0" : first_label_, 0, element_);
  frames_.front().used.claim(element_, 0);
  emit(element_, "element", first_);
}

void DocumentParts::begin(Kind kind, uint64_t offset) {
  if (open_ == 1) {
    if (!next_value_counts()) return;
    any_container_ = true;
  }
  Frame& frame = push(kind, offset);
  Frame& parent = frames_[open_ - 2];
  candidate_ = kNoLabel;
  if (parent.kind == Kind::kObject) {
    frame.name.assign(name_);
    if (kind != Kind::kObject) parent.map = false;
  }
  frame.beneath = parent.beneath || parent.element;
  frame.rooted = parent.rooted && !frame.element;
  frame.ignored = parent.ignored || frame.path_length > kMostPathElements || (frame.element && kind == Kind::kArray);
  prepare_labels(frame, parent);
  if (frame.top) return;
  if (frame.rooted && !frame.ignored) {
    frame.ignored = !name_it(parent, frame.name, frame.place, frame.held);
    frame.prefix = parent.prefix + element_ + "/";
  }
  if (parent.rooted && !parent.ignored && offset > 0) marks_.push_back({offset, false, true});
}

DocumentParts::Frame& DocumentParts::push(Kind kind, uint64_t offset) {
  if (frames_.size() == open_) frames_.emplace_back();
  Frame& parent = frames_[open_ - 1];
  Frame& frame = frames_[open_++];
  frame.kind = kind;
  frame.begin = offset;
  frame.place = parent.count++;
  frame.count = 0;
  frame.top = open_ == 2 && !lines_;
  frame.path_length = frame.top ? 0 : parent.path_length + 1;
  frame.element = parent.kind == Kind::kArray && !frame.top;
  frame.map = !frame.element;
  frame.sure = false;
  frame.prefix.clear();
  frame.held = held_.size();
  frame.used.clear();
  return frame;
}

void DocumentParts::prepare_labels(Frame& frame, const Frame& parent) {
  frame.owner = frame.level = 0;
  frame.rules = 0;
  if (parent.top && frame.kind == Kind::kArray) rules_ = LabelRules(profiles_, frame.name);
  if ((frame.element || frame.top) && frame.kind == Kind::kObject && !frame.ignored) {
    frame.owner = open_ - 1;
    frame.rank = kNoLabel;
    frame.label.clear();
    // Elements of a section; no others have rules.
    if (frame.element && parent.rooted && parent.path_length == 1 && !lines_) frame.rules = rules_.all();
  } else if (parent.rules != 0 && frame.kind == Kind::kObject && !frame.element) {
    frame.rules = rules_.inside(parent.rules, parent.level, frame.name);
    frame.level = parent.level + 1;
    if (frame.rules != 0) frame.owner = parent.owner;
  }
}

void DocumentParts::end(Kind, uint64_t end) {
  if (stopped_) return;
  const Frame& frame = top();
  settle_map(frame, open_);
  --open_;
  Frame& parent = top();
  if (frame.top) {
    first_ = {frame.begin, end, frame.count, frame.kind};
    first_label_ = frame.owner != 0 ? frame.label : "";
  } else if (!frame.ignored) {
    frame.element ? end_element(frame, parent, end) : end_member(frame, parent, end);
  }
}

void DocumentParts::end_element(const Frame& frame, Frame& parent, uint64_t end) {
  // Beneath elements places would be names that say little and change with every insertion.
  if (frame.label.empty() && frame.beneath) return truncate_held(frame.held);
  const std::string place = frame.label.empty() ? std::to_string(frame.place) : "";
  if (!name_it(parent, frame.label.empty() ? place : frame.label, frame.place, frame.held)) return truncate_held(frame.held);
  if (!parent.rooted) return hold(frame, end, true, false);
  path_.assign(parent.prefix).append(element_);
  emit(path_, "element", {frame.begin, end, frame.count, frame.kind});
  path_ += '/';
  flush_held(frame.held);
}

// Makes element_ for what is in `parent`; false when there are too many names already.   `held`: from there on what is held is in it,
// which would be lost without a name.
bool DocumentParts::name_it(Frame& parent, std::string_view label, uint64_t place, size_t held) {
  const bool held_full = held_.size() == held && (held >= kMostHeld || held_names_.size() >= kMostHeldNamesBytes);
  if (parent.rooted ? names_ == most_parts_ : held_full) {
    (parent.rooted ? some_parts_dropped_ : some_held_dropped_) = true;
    return false;
  }
  if (parent.rooted) ++names_;
  make_element_name(label, place, element_);
  (parent.top ? frames_.front().used : parent.used).claim(element_, place);
  return true;
}

void DocumentParts::end_member(const Frame& frame, Frame& parent, uint64_t end) {
  const bool in_map = frame.kind == Kind::kObject && (parent.map || parent.sure) && !parent.top;
  if (!frame.rooted) {
    if (!in_map && held_.size() == frame.held) return;
    if (!name_it(parent, frame.name, frame.place, frame.held)) return truncate_held(frame.held);
    return hold(frame, end, in_map, true);
  }
  path_ = frame.prefix;
  flush_held(frame.held);
  const std::string_view path = std::string_view(frame.prefix).substr(0, frame.prefix.size() - 1);
  const Facts facts{frame.begin, end, frame.count, frame.kind};
  if (parent.top) {
    emit_section(frame.name, path, facts);
    if (end - frame.begin > kLongSectionBytes && sections_ <= kMostSectionCuts) marks_.push_back({end, false, false});
  } else if (in_map && parent.sure) {
    emit(path, "element", facts);
  } else if (in_map) {
    element_ = path.substr(parent.prefix.size());
    hold(frame, end, true, true);
    parent.sure = parent.count >= kSureOfMap;
    path_ = parent.prefix;
    if (parent.sure) flush_held(parent.held);
  }
}

// `frame` closes: were its objects those of an object of objects?   `level`: of what is in it.
void DocumentParts::settle_map(const Frame& frame, size_t level) {
  if (frame.map || frame.sure) return;
  for (size_t i = frame.held; i < held_.size(); ++i) {
    if (held_[i].level == level && held_[i].if_map) held_[i].part = false;
  }
}

// `frame` has closed and is called element_.
void DocumentParts::hold(const Frame& frame, uint64_t end, bool part, bool if_map) {
  held_.push_back({frame.begin, end, frame.count, static_cast<uint32_t>(held_names_.size()), static_cast<uint32_t>(element_.size()),
                   static_cast<uint16_t>(open_), part, if_map});
  held_names_ += element_;
}

void DocumentParts::truncate_held(size_t to) {
  if (to >= held_.size()) return;
  held_names_.resize(held_[to].name_begin);
  held_.resize(to);
}

// path_ is that of what it is in, with '/' behind.
void DocumentParts::flush_held(size_t from) {
  if (from >= held_.size()) return;
  // Backwards everything comes before what is in it, and the last one is in nothing that is held.
  const uint16_t outermost = held_.back().level;
  std::array<size_t, kMostPathElements + 1> prefix_bytes;
  prefix_bytes[0] = path_.size();
  for (size_t i = held_.size(); i-- > from;) {
    const Held& held = held_[i];
    const size_t depth = held.level - outermost;
    path_.resize(prefix_bytes[depth]);
    path_.append(held_names_, held.name_begin, held.name_bytes);
    if (held.part) emit(path_, "element", {held.begin, held.end, held.count, Kind::kObject});
    path_ += '/';
    prefix_bytes[depth + 1] = path_.size();
  }
  truncate_held(from);
}

// `member`: its name in the document; `name`: in the catalogue.
void DocumentParts::emit_section(std::string_view member, std::string_view name, const Facts& facts) {
  ++sections_;
  if (sections_ <= kMostNamedSections && section_names_.size() + name.size() < kMostSectionNamesBytes) {
    if (!section_names_.empty()) section_names_ += '\n';
    section_names_ += name;
  }
  for (Detection& detection : detections_) {
    for (size_t i = 0; i < detection.seen.size(); ++i) {
      if (same_member(detection.profile->detect[i], member)) detection.seen[i] = true;
    }
  }
  emit(name, "section", facts);
}

void DocumentParts::emit(std::string_view path, std::string_view kind, const Facts& facts) {
  if (kind == "element") ++elements_;
  if (parts_ == most_parts_) {
    some_parts_dropped_ = true;
    return;
  }
  ++parts_;
  part_.name.assign(path).append(".json");
  part_.kind.assign(kind);
  part_.extents.assign(1, {facts.begin, facts.end - facts.begin});
  const bool container = facts.kind == Kind::kObject || facts.kind == Kind::kArray;
  auto property = part_.properties.begin();   // "elements" comes before "type"
  if (part_.properties.size() != (container ? 2U : 1U)) {
    part_.properties = {{"type", ""}};
    if (container) part_.properties["elements"];
    property = part_.properties.begin();
  }
  if (container) (property++)->second = std::to_string(facts.count);
  property->second = type_name(facts.kind);
  sorter_.add(part_);
}

std::string DocumentParts::where() const {
  std::string out;
  for (size_t i = 1; i < open_; ++i) {
    const Frame& frame = frames_[i];
    if (frame.top) continue;
    if (!out.empty()) out += '/';
    out += frame.element ? std::to_string(frame.place) : element_name(frame.name, frame.place);
  }
  return out;
}

StreamParts DocumentParts::finish(bool ended) {
  // What breaks off has whole parts still, as far as their names are known.
  for (; open_ > 1; --open_) {
    const Frame& frame = top();
    settle_map(frame, open_);
    path_ = frame.prefix;
    frame.rooted ? flush_held(frame.held) : truncate_held(frame.held);
  }
  StreamParts out;
  out.kind = ComponentKind::kDocument;
  out.ended = ended;
  tell_properties(out);
  if (some_parts_dropped_)
    out.warnings.push_back("more than " + std::to_string(most_parts_) + " sections and elements: the others are in the original only");
  if (some_held_dropped_)
    out.warnings.push_back("an element or object holds more than " + std::to_string(kMostHeld) +
                           " others, or longer names than memory is kept for: some of them are in the original only");
  out.sorted_parts = std::move(sorter_).finish();
  return out;
}

void DocumentParts::tell_properties(StreamParts& out) const {
  out.properties["original"] = lines_ ? "document.ndjson" : "document.json";
  out.properties["format"] = lines_ ? "ndjson" : "json";
  out.properties["elements"] = std::to_string(elements_);
  if (!section_names_.empty()) out.properties["sections"] = section_names_;
  for (const Detection& detection : detections_) {
    if (detection.seen.empty() || std::ranges::find(detection.seen, false) != detection.seen.end()) continue;
    out.properties["profile"] = out.properties["app"] = detection.profile->name;
    return;
  }
}

}  // namespace cairn
