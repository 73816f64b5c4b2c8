#include "ingest/document/extract/walk.h"

#include <algorithm>

#include "store/error.h"

namespace cairn {

namespace {

[[noreturn]] void not_an_object(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "document: " + what + ": only of an object's members can some be taken");
}

}  // namespace

std::string DocumentWalk::place() const {
  if (depth_ < kInSection) return "the value of \"" + printable(section_) + "\"";
  return "element " + std::to_string(place_) + " of \"" + printable(section_) + "\"";
}

void DocumentWalk::held(uint64_t bytes) {
  held_ += bytes;
  if (held_ > kMostElementBytes) throw Error(ErrorCode::kUnsupported, "document: " + place() + " has too many members to be looked into");
}

void DocumentWalk::begin(Kind kind, uint64_t offset) {
  switch (depth_) {
    case 0:
      if (seen_) not_an_object("it has several values one after the other");
      if (kind != Kind::kObject) not_an_object("it is an array");
      seen_ = true;
      break;
    case kInTop:
      section_kind_ = kind;
      place_ = 0;
      visitor_.section_begin(kind, offset);
      break;
    case kInSection:
      begin_element(offset);
      element_is_object_ = kind == Kind::kObject;
      if (matcher_) matcher_->begin_element(kind == Kind::kArray);
      break;
    default:
      if (depth_ == kInElement) begin_member(offset);
      if (matcher_) matcher_->begin(kind == Kind::kArray);
  }
  ++depth_;
}

void DocumentWalk::end(Kind, uint64_t end) {
  --depth_;
  if (depth_ == 0) return;
  if (depth_ == kInTop) {
    visitor_.section_end(section_kind_, end, place_);
    questions_ = nullptr;
    matcher_.reset();
    return;
  }
  if (matcher_) matcher_->end();
  if (depth_ == kInSection) return end_element(end);
  if (depth_ == kInElement && !element_.members.empty()) element_.members.back().end = end;
}

void DocumentWalk::name(std::string_view name, uint64_t offset) {
  if (depth_ == kInTop) {
    section_ = name;
    questions_ = visitor_.section(name);
    matcher_.reset();
    if (questions_) matcher_.emplace(questions_->paths, questions_->any_case);
    return;
  }
  if (!questions_) return;
  if (depth_ == kInSection) {
    element_.name = name;
    element_.begin = offset;
    return;
  }
  matcher_->name(name);
  if (depth_ != kInElement) return;
  const auto& members = questions_->members;
  const auto same = [&](const std::string& member) { return questions_->any_case ? same_member(member, name) : member == name; };
  known_ = static_cast<size_t>(std::ranges::find_if(members, same) - members.begin());
}

void DocumentWalk::scalar(Kind kind, std::string_view text, uint64_t begin, uint64_t end) {
  switch (depth_) {
    case 0: not_an_object(seen_ ? "it has several values one after the other" : "it is a single value");
    case kInTop: visitor_.section_scalar(begin, end); return;
    case kInSection:
      begin_element(begin);
      element_is_object_ = false;
      end_element(end);
      return;
    default: break;
  }
  if (!matcher_) return;
  if (depth_ == kInElement) {
    begin_member(begin);
    if (!element_.members.empty()) element_.members.back().end = end;
  }
  if (kind != Kind::kString && kind != Kind::kNumber) return;
  for (const size_t path : matcher_->ending()) {
    held(sizeof(Element::Text) + text.size());
    element_.texts.push_back({path, std::string(text)});
  }
}

bool DocumentWalk::wanted() const { return depth_ >= kInElement && matcher_ && matcher_->ends_here(); }

// Elements are always told, for they are counted; within them only what was asked for.
int DocumentWalk::deepest() const {
  size_t within = 0;
  if (questions_) {
    within = questions_->members.empty() ? 0 : 1;
    for (const MemberPath& path : questions_->paths) within = std::max(within, path.size());
  }
  return static_cast<int>(kInSection + within);
}

void DocumentWalk::begin_element(uint64_t offset) {
  held_ = 0;
  element_.number = number_++;
  element_.place = place_;
  element_.value_begin = offset;
  if (section_kind_ == Kind::kArray) {
    element_.begin = offset;
    element_.name.reset();
  }
  element_.members.clear();
  element_.texts.clear();
}

void DocumentWalk::end_element(uint64_t end) {
  element_.end = end;
  if (questions_) visitor_.element(element_);
  ++place_;
}

void DocumentWalk::begin_member(uint64_t offset) {
  if (!questions_ || questions_->members.empty() || !element_is_object_) return;
  held(sizeof(Element::Member));
  element_.members.push_back({offset, 0, known_ < questions_->members.size() ? known_ : SIZE_MAX});
}

}  // namespace cairn
