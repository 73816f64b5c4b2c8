#include "ingest/document/extract/filter.h"

#include <algorithm>

#include "ingest/document/extract/held_bytes.h"
#include "ingest/document/extract/read.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr std::string_view kNull = "null";

class Filter : public SectionVisitor {
 public:
  Filter(Selection& selection, const std::function<void(ByteView)>& write, ExtractResult& result)
      : selection_(selection), result_(result), held_(write), walk_(*this) {}

  void run(const ReadDocument& read) {
    read_document(
        read, walk_, [this](ByteView bytes) { held_.add(bytes); }, [this] { settle(); });
    selection_.require_found(members_);
    held_.keep_to(held_.end());
    held_.flush();
    result_.bytes = held_.written();
  }

  const ElementQuestions* section(std::string_view name) override {
    if (members_.size() < kMostMembers) members_.emplace_back(name);
    name_ = name;
    places_ = selection_.of_member(name);
    taken_ = 0;
    questions_ = {};
    masks_.clear();
    if (places_.empty()) {
      way_ = Way::kDrop;
      return nullptr;
    }
    bool all = false, by_name = false;
    for (const size_t place : places_) {
      const Taking& taking = selection_.takings()[place];
      all = all || (taking.whole() && members_of(taking).empty());
      by_name = by_name || taking.by_name();
    }
    way_ = all && !by_name ? Way::kKeep : Way::kChoose;
    if (way_ == Way::kKeep) return nullptr;
    ask();
    return &questions_;
  }

  void section_begin(JsonEvents::Kind, uint64_t offset) override {
    held_.keep_to(way_ == Way::kDrop ? offset : offset + 1);
    if (way_ == Way::kDrop) held_.put(view(kNull));
    in_section_ = true;
    any_ = false;
  }

  void section_end(JsonEvents::Kind, uint64_t end, uint64_t elements) override {
    in_section_ = false;
    switch (way_) {
      case Way::kDrop: held_.drop_to(end); return;
      case Way::kKeep: taken_ = elements; break;
      case Way::kChoose: break;
    }
    held_.keep_to(end);
    result_.taken.push_back(printable(name_) + ": " + std::to_string(taken_) + " of " + std::to_string(elements));
  }

  void section_scalar(uint64_t begin, uint64_t end) override {
    held_.keep_to(begin);
    if (way_ != Way::kDrop) {
      const bool is_null = text(held_.bytes(begin, end)) == kNull;
      held_.keep_to(end);
      if (!is_null) result_.taken.push_back(printable(name_));
      if (is_null) result_.warnings.push_back("\"" + printable(name_) + "\" is null in this document: there is nothing to take");
      return;
    }
    held_.put(view(kNull));
    held_.drop_to(end);
  }

  void element(const Element& element) override {
    // Of what takes it, all the members that each of them keeps.
    uint64_t kept = 0;
    bool taken = false, all = false;
    for (size_t i = 0; i < places_.size(); ++i) {
      Taking& taking = selection_.takings()[places_[i]];
      if (!taking.takes(element, first_paths_[i])) continue;
      taken = true;
      all = all || masks_[i] == 0;
      kept |= masks_[i];
    }
    if (!taken) {
      held_.drop_to(element.end);
      return;
    }
    separate(element);
    ++taken_;
    if (!all) {
      for (const Element::Member& member : element.members) {
        if (member.known < kMostKnown && (kept >> member.known & 1)) continue;
        held_.keep_to(member.begin);
        held_.put(view(kNull));
        held_.drop_to(member.end);
      }
    }
    held_.keep_to(element.end);
  }

 private:
  enum class Way { kDrop, kKeep, kChoose };
  static constexpr size_t kMostKnown = 64;          // members that sections of one path can tell apart
  static constexpr size_t kMostMembers = 100'000;   // that are remembered for a message

  static std::vector<std::string> members_of(const Taking& taking) {
    std::vector<std::string> out;
    if (!taking.section() || taking.section()->member.empty()) return out;
    out = taking.section()->keep;
    out.push_back(taking.section()->member);
    return out;
  }

  void ask() {
    questions_.any_case = selection_.any_case();
    first_paths_.clear();
    for (const size_t place : places_) {
      const Taking& taking = selection_.takings()[place];
      first_paths_.push_back(questions_.paths.size());
      const auto labels = taking.labels();
      questions_.paths.insert(questions_.paths.end(), labels.begin(), labels.end());
      uint64_t mask = 0;
      for (const std::string& member : members_of(taking)) {
        const auto same = [&](const std::string& other) { return same_member(other, member); };
        const auto found = std::ranges::find_if(questions_.members, same);
        const size_t known = static_cast<size_t>(found - questions_.members.begin());
        if (known >= kMostKnown)
          throw Error(ErrorCode::kUnsupported, "document: the profile's sections at \"" + printable(name_) + "\" have too many members");
        if (found == questions_.members.end()) questions_.members.push_back(member);
        mask |= uint64_t{1} << known;
      }
      masks_.push_back(mask);
    }
  }

  // Keeps what stands before an element, but not the comma of one that isn't there.
  void separate(const Element& element) {
    if (!any_) {
      const uint64_t begin = held_.end() - held_.held();
      const ByteView gap = held_.bytes(begin, element.begin);
      const auto comma = std::ranges::find(gap, static_cast<uint8_t>(','));
      if (comma != gap.end()) held_.drop_to(begin + static_cast<uint64_t>(comma - gap.begin()) + 1);
    }
    any_ = true;
    held_.keep_to(element.begin);
  }

  // A piece is used up: what is decided already needn't be held.
  void settle() {
    if (in_section_ && way_ == Way::kKeep) held_.keep_to(held_.end());
    if (in_section_ && way_ == Way::kDrop) held_.drop_to(held_.end());
    if (held_.held() > kMostElementBytes)
      throw Error(ErrorCode::kUnsupported, "document: " + walk_.place() + " is longer than " + std::to_string(kMostElementBytes >> 20) +
                                               " MiB: it can't be taken by itself, nor left out");
  }

  Selection& selection_;
  ExtractResult& result_;
  HeldBytes held_;
  DocumentWalk walk_;
  std::vector<std::string> members_;      // of the document
  std::string name_;                      // of the section
  Way way_ = Way::kKeep;
  bool in_section_ = false;               // its value has begun
  bool any_ = false;                      // an element of it was kept
  uint64_t taken_ = 0;
  std::vector<size_t> places_;            // of its takings
  std::vector<size_t> first_paths_;       // beside places_: where the labels begin in the questions
  std::vector<uint64_t> masks_;           // beside places_: members that are kept; 0: all
  ElementQuestions questions_;
};

}  // namespace

void filter_document(const ReadDocument& read, Selection& selection, const std::function<void(ByteView)>& write, ExtractResult& result) {
  Filter(selection, write, result).run(read);
}

}  // namespace cairn
