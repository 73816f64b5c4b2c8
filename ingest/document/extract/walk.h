// A document of sections as it passes by: an object at the top, its members the sections, what is in those the elements.
//
// Memory:   of one element what was asked for, at most kMostElementBytes.   Threads: one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/document/extract/path_matcher.h"
#include "ingest/document/json_scanner.h"

namespace cairn {

// What is held of an element in memory; of a longer one nothing can be taken by itself.
inline constexpr uint64_t kMostElementBytes = uint64_t{64} << 20;

// What is to be known of the elements of a section.
struct ElementQuestions {
  std::vector<MemberPath> paths;       // texts of strings and numbers there
  std::vector<std::string> members;    // direct members that are told from the others
  bool any_case = false;               // names are compared without regard to case
};

struct Element {
  uint64_t number = 0;                 // among all elements of the document, from 0
  uint64_t place = 0;                  // in its section, from 0
  uint64_t begin = 0, end = 0;         // in an object of elements with its name
  uint64_t value_begin = 0;
  std::optional<std::string> name;     // in an object of elements
  struct Member {
    uint64_t begin = 0, end = 0;       // of the value
    size_t known = SIZE_MAX;           // place in ElementQuestions::members
  };
  std::vector<Member> members;         // when it is an object; only if `members` were asked for
  struct Text {
    size_t path = 0;                   // place in ElementQuestions::paths
    std::string text;
  };
  std::vector<Text> texts;             // in the document's order
};

// Who wants to know.
class SectionVisitor {
 public:
  virtual ~SectionVisitor() = default;
  // A section comes.  What to find out about its elements; nullptr: nothing, they are only counted.  Valid until section_end().
  virtual const ElementQuestions* section(std::string_view name) = 0;
  // Its value is an array or an object, which begins at `offset`.
  virtual void section_begin(JsonEvents::Kind kind, uint64_t offset) = 0;
  // Only with questions.
  virtual void element(const Element& element) = 0;
  virtual void section_end(JsonEvents::Kind kind, uint64_t end, uint64_t elements) = 0;
  // Its value is neither.
  virtual void section_scalar(uint64_t begin, uint64_t end) = 0;
};

// Throws kInvalidArgument when it isn't one object; kUnsupported for an element that is too long.
class DocumentWalk : public JsonEvents {
 public:
  explicit DocumentWalk(SectionVisitor& visitor) : visitor_(visitor) {}

  void begin(Kind kind, uint64_t offset) override;
  void end(Kind kind, uint64_t end) override;
  void name(std::string_view name, uint64_t offset) override;
  void scalar(Kind kind, std::string_view text, uint64_t begin, uint64_t end) override;
  bool wanted() const override;
  int deepest() const override;

  // For people: where it is.
  std::string place() const;

 private:
  static constexpr size_t kInTop = 1, kInSection = 2, kInElement = 3;   // depths
  void begin_element(uint64_t offset);
  void end_element(uint64_t end);
  void begin_member(uint64_t offset);
  void held(uint64_t bytes);

  SectionVisitor& visitor_;
  size_t depth_ = 0;
  bool seen_ = false;                  // a value at the top
  std::string section_;                // its name
  Kind section_kind_ = Kind::kNull;
  const ElementQuestions* questions_ = nullptr;
  std::optional<PathMatcher> matcher_;
  uint64_t number_ = 0, place_ = 0;
  Element element_;
  bool element_is_object_ = false;
  size_t known_ = SIZE_MAX;            // of the member that comes
  uint64_t held_ = 0;                  // bytes that members and texts take
};

}  // namespace cairn
