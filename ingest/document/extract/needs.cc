#include "ingest/document/extract/needs.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ingest/document/extract/read.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostNamed = 5;   // missing ids that a warning names
constexpr uint64_t kIdOverheadBytes = 96;

// Ids that mean "none": empty, or of zeros alone (0, 00000000-0000-0000-0000-000000000000).
bool is_no_id(std::string_view id) { return id.find_first_not_of("0-") == id.npos; }

// What is known of the elements of one section of the profile.
struct SectionIds {
  struct Need {
    uint64_t element;
    uint32_t id;
    uint32_t need;         // place in DocumentSection::needs
  };
  struct Id {
    uint32_t id;
    uint32_t by;           // place in `bys`
    uint64_t element;
    auto operator<=>(const Id&) const = default;
  };
  bool matters = false;    // taken, or may be needed
  std::vector<std::string> bys;     // paths by which others name its elements
  std::vector<Need> needs;          // by element
  std::vector<Id> ids;
  std::vector<uint64_t> wanted;     // elements that the user named
  std::unordered_set<uint64_t> followed;   // needs of its elements: ids, `by` in the higher half
};

class Collector : public SectionVisitor {
 public:
  explicit Collector(Selection& selection) : selection_(selection), sections_(selection.profile()->sections), of_(sections_.size()) {
    for (const Taking& taking : selection.takings()) {
      if (taking.section()) mark(place(*taking.section()));
    }
  }

  const ElementQuestions* section(std::string_view name) override {
    questions_ = {};
    questions_.any_case = true;
    asked_.clear();
    for (size_t at = 0; at < sections_.size(); ++at) {
      if (!of_[at].matters || !same_member(sections_[at].path, name)) continue;
      Asked asked{at, questions_.paths.size(), 0, 0};
      add(selection_.of(sections_[at]).labels());
      asked.needs = questions_.paths.size();
      for (const DocumentNeed& need : sections_[at].needs) add(need.from);
      asked.bys = questions_.paths.size();
      for (const std::string& by : of_[at].bys) add(by);
      asked_.push_back(asked);
    }
    return asked_.empty() ? nullptr : &questions_;
  }
  void section_begin(JsonEvents::Kind, uint64_t) override {}
  void section_end(JsonEvents::Kind, uint64_t, uint64_t) override {}
  void section_scalar(uint64_t, uint64_t) override {}

  void element(const Element& element) override {
    for (const Asked& asked : asked_) {
      SectionIds& out = of_[asked.section];
      Taking& taking = selection_.of(sections_[asked.section]);
      if (!taking.whole() && taking.takes(element, asked.labels)) out.wanted.push_back(element.number);
      for (const Element::Text& text : element.texts) {
        if (text.path < asked.needs || text.path >= asked.bys + out.bys.size() || is_no_id(text.text)) continue;
        const uint32_t id = intern(text.text);
        if (text.path < asked.bys) {
          out.needs.push_back({element.number, id, static_cast<uint32_t>(text.path - asked.needs)});
          use(sizeof(SectionIds::Need));
        } else {
          out.ids.push_back({id, static_cast<uint32_t>(text.path - asked.bys), element.number});
          use(sizeof(SectionIds::Id));
        }
      }
    }
  }

  // Follows the needs of what is taken until nothing new comes.
  std::vector<std::string> close() {
    for (SectionIds& one : of_) std::ranges::sort(one.ids);
    taken_.resize(of_.size());
    std::vector<std::pair<size_t, uint64_t>> open;
    for (size_t at = 0; at < of_.size(); ++at) {
      if (!of_[at].matters) continue;
      if (selection_.of(sections_[at]).whole()) {
        for (const SectionIds::Need& need : of_[at].needs) follow(at, need, open);
      } else {
        for (const uint64_t element : of_[at].wanted) take(at, element, open);
      }
    }
    while (!open.empty()) {
      const auto [at, element] = open.back();
      open.pop_back();
      for (auto need = std::ranges::lower_bound(of_[at].needs, element, {}, &SectionIds::Need::element);
           need != of_[at].needs.end() && need->element == element; ++need) {
        follow(at, *need, open);
      }
    }
    for (size_t at = 0; at < of_.size(); ++at) {
      if (taken_[at].empty()) continue;
      std::vector<uint64_t> numbers(taken_[at].begin(), taken_[at].end());
      std::ranges::sort(numbers);
      selection_.of(sections_[at]).want_numbers(std::move(numbers));
    }
    return warnings();
  }

 private:
  struct Asked {
    size_t section;
    size_t labels, needs, bys;   // where its paths begin in the questions
  };

  size_t place(const DocumentSection& section) const { return static_cast<size_t>(&section - sections_.data()); }
  size_t place(const std::string& name) const {
    return static_cast<size_t>(std::ranges::find(sections_, name, &DocumentSection::name) - sections_.begin());
  }

  // The section matters, and what its elements may need.
  void mark(size_t at) {
    if (of_[at].matters) return;
    of_[at].matters = true;
    for (const DocumentNeed& need : sections_[at].needs) {
      const size_t other = place(need.section);
      if (other == sections_.size()) continue;
      auto& bys = of_[other].bys;
      if (std::ranges::find(bys, need.by) == bys.end()) bys.push_back(need.by);
      mark(other);
    }
  }

  void add(const std::string& path) { questions_.paths.push_back(parse_member_path(path).value_or(MemberPath{path})); }
  void add(std::vector<MemberPath> paths) { questions_.paths.insert(questions_.paths.end(), paths.begin(), paths.end()); }

  uint32_t intern(const std::string& id) {
    const auto [found, fresh] = ids_.try_emplace(id, static_cast<uint32_t>(ids_.size()));
    if (fresh) use(kIdOverheadBytes + id.size());
    return found->second;
  }

  void use(uint64_t bytes) {
    used_ += bytes;
    if (used_ > kMostIdBytes)
      throw Error(ErrorCode::kUnsupported, "document: it has too many ids to find out what needs what; leave out --with-dependencies");
  }

  void take(size_t at, uint64_t element, std::vector<std::pair<size_t, uint64_t>>& open) {
    if (taken_[at].insert(element).second) open.emplace_back(at, element);
  }

  void follow(size_t at, const SectionIds::Need& need, std::vector<std::pair<size_t, uint64_t>>& open) {
    const DocumentNeed& what = sections_[at].needs[need.need];
    const size_t other = place(what.section);
    SectionIds& target = of_[other];
    const auto by = static_cast<uint32_t>(std::ranges::find(target.bys, what.by) - target.bys.begin());
    // Once for each id: many may need it, and many may have it.
    if (!target.followed.insert(uint64_t{by} << 32 | need.id).second) return;
    auto found = std::ranges::lower_bound(target.ids, SectionIds::Id{need.id, by, 0});
    if (found == target.ids.end() || found->id != need.id || found->by != by) {
      missing_[other].insert(need.id);
      return;
    }
    if (selection_.of(sections_[other]).whole()) return;
    for (; found != target.ids.end() && found->id == need.id && found->by == by; ++found) take(other, found->element, open);
  }

  std::vector<std::string> warnings() const {
    std::vector<const std::string*> names(ids_.size());
    for (const auto& [name, id] : ids_) names[id] = &name;
    std::vector<std::string> out;
    for (size_t at = 0; at < sections_.size(); ++at) {
      const auto found = missing_.find(at);
      if (found == missing_.end()) continue;
      std::vector<std::string> ids;
      for (const uint32_t id : found->second) ids.push_back(*names[id]);
      std::ranges::sort(ids);
      std::string text = "needed, but not in the document: of " + printable(sections_[at].name) + " ";
      for (size_t i = 0; i < std::min(ids.size(), kMostNamed); ++i) text += (i ? ", " : "") + printable(ids[i]);
      if (ids.size() > kMostNamed) text += " and " + std::to_string(ids.size() - kMostNamed) + " more";
      out.push_back(std::move(text));
    }
    return out;
  }

  Selection& selection_;
  const std::vector<DocumentSection>& sections_;
  std::vector<SectionIds> of_;                         // beside sections_
  std::vector<std::unordered_set<uint64_t>> taken_;    // beside sections_: elements of those not taken as a whole
  std::unordered_map<size_t, std::unordered_set<uint32_t>> missing_;
  std::unordered_map<std::string, uint32_t> ids_;
  ElementQuestions questions_;
  std::vector<Asked> asked_;
  uint64_t used_ = 0;
};

}  // namespace

std::vector<std::string> add_needs(const ReadDocument& read, Selection& selection) {
  Collector collector(selection);
  DocumentWalk walk(collector);
  read_document(read, walk, [](ByteView) {}, [] {});
  return collector.close();
}

}  // namespace cairn
