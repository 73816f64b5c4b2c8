#include "ingest/document/extract/selection.h"

#include <algorithm>

#include "ingest/document/element_name.h"
#include "ingest/document/labels.h"
#include "ingest/parts/names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr std::string_view kPartEnding = ".json";
constexpr size_t kMostListed = 40;

// As people write it, or as the catalogue of parts does; of several elements of one name the later ones have their place behind it.
bool is_called(std::string_view wanted, const std::string& label, const std::string& in_catalogue, uint64_t place) {
  if (wanted == label) return true;
  if (!wanted.starts_with(in_catalogue)) return false;
  wanted.remove_prefix(in_catalogue.size());
  if (wanted.ends_with(kPartEnding)) wanted.remove_suffix(kPartEnding.size());
  return wanted.empty() || (wanted.front() == '~' && wanted.substr(1) == std::to_string(place));
}

std::string in_quotes(std::string_view text) { return "\"" + printable(text) + "\""; }

}  // namespace

std::vector<MemberPath> Taking::labels() const {
  std::vector<MemberPath> out;
  for (size_t i = 0; i < known_labels(); ++i) out.push_back(parse_member_path(section_->label[i]).value_or(MemberPath{section_->label[i]}));
  for (const std::string_view label : usual_labels()) out.push_back({std::string(label)});
  return out;
}

std::vector<std::string> Taking::names(const Element& element, size_t first_path) const {
  std::vector<std::string> out;
  if (element.name) out.push_back(*element.name);
  const size_t usual = first_path + known_labels();
  for (const Element::Text& text : element.texts) {
    if (text.path >= first_path && text.path < usual) out.push_back(text.text);
  }
  if (!out.empty()) return out;
  // The one that the catalogue calls it by.
  size_t best = usual + usual_labels().size();
  for (const Element::Text& text : element.texts) {
    if (text.path < usual || text.path >= best) continue;
    best = text.path;
    out.assign(1, text.text);
  }
  if (out.empty()) out.push_back(std::to_string(element.place));
  return out;
}

bool Taking::takes(const Element& element, size_t first_path) {
  bool taken = whole_ || std::ranges::binary_search(numbers_, element.number);
  if (!by_name()) return taken;
  for (const std::string& name : names(element, first_path)) {
    const std::string in_catalogue = element_name(name, element.place);
    for (Wanted& one : wanted_) {
      if (!is_called(one.text, name, in_catalogue, element.place)) continue;
      one.found = true;
      taken = true;
    }
  }
  return taken;
}

std::vector<std::string> Taking::missing() const {
  std::vector<std::string> out;
  for (const Wanted& one : wanted_) {
    if (!whole_ && !one.found) out.push_back(one.text);
  }
  return out;
}

Selection::Selection(const DocumentProfile* profile, const DocumentSelection& selection) : profile_(profile) {
  if (selection.only.empty()) throw Error(ErrorCode::kInvalidArgument, "document: no section was named to be taken");
  for (const std::string& one : selection.only) {
    const size_t slash = one.find('/');
    const std::string given = one.substr(0, slash), name = label_of_element(given).value_or(given);
    if (given.empty() || slash + 1 == one.size())
      throw Error(ErrorCode::kInvalidArgument,
                  "document: " + in_quotes(one) + " is no section and no element: those are called like \"users\" and \"users/alice\"");
    const DocumentSection* section = profile ? profile->section(name) : nullptr;
    auto found = std::ranges::find_if(takings_, [&](const Taking& taking) {
      return section ? taking.section() == section : same_name(taking.path(), name);
    });
    if (found == takings_.end()) found = takings_.insert(takings_.end(), Taking(section, section ? section->path : name));
    if (slash == one.npos) {
      found->want_all();
    } else {
      found->want(one.substr(slash + 1));
    }
  }
}

Taking& Selection::of(const DocumentSection& section) {
  const auto found = std::ranges::find(takings_, &section, &Taking::section);
  return found != takings_.end() ? *found : takings_.emplace_back(&section, section.path);
}

std::vector<size_t> Selection::of_member(std::string_view name) const {
  std::vector<size_t> out;
  for (size_t at = 0; at < takings_.size(); ++at) {
    if (takings_[at].anything() && same_name(takings_[at].path(), name)) out.push_back(at);
  }
  return out;
}

std::vector<std::string> Selection::warnings() const {
  std::vector<std::string> out;
  for (const Taking& taking : takings_) {
    const DocumentSection* section = taking.section();
    if (!section || section->warning.empty() || !taking.asked()) continue;
    // It comes with what it keeps when that was asked for, too.
    const bool alone = std::ranges::none_of(takings_, [&](const Taking& other) {
      return &other != &taking && other.asked() && same_member(other.path(), taking.path()) && other.section() &&
             std::ranges::any_of(section->keep, [&](const std::string& kept) { return same_member(kept, other.section()->member); });
    });
    if (alone && std::ranges::find(out, section->warning) == out.end()) out.push_back(section->warning);
  }
  return out;
}

void Selection::require_found(const std::vector<std::string>& members) const {
  for (const Taking& taking : takings_) {
    if (!taking.asked()) continue;
    if (std::ranges::none_of(members, [&](const std::string& member) { return same_name(member, taking.path()); }))
      throw Error(ErrorCode::kNotFound, "document: it has no section " + in_quotes(taking.path()) + "; it has: " + list(members));
    const auto missing = taking.missing();
    if (missing.empty()) continue;
    std::string names;
    for (size_t i = 0; i < std::min(missing.size(), kMostListed); ++i) names += (i ? ", " : "") + in_quotes(missing[i]);
    throw Error(ErrorCode::kNotFound, "document: " + in_quotes(taking.path()) + " has no element called " + names);
  }
}

std::string Selection::list(const std::vector<std::string>& members) const {
  std::string out;
  for (size_t i = 0; i < std::min(members.size(), kMostListed); ++i) {
    out += (i ? ", " : "") + printable(members[i]);
    std::string names;
    for (const DocumentSection& section : profile_ ? std::span(profile_->sections) : std::span<const DocumentSection>()) {
      if (same_member(section.path, members[i])) names += (names.empty() ? "" : ", ") + printable(section.name);
    }
    if (!names.empty() && !same_member(names, members[i])) out += " (" + names + ")";
  }
  if (members.size() > kMostListed) out += " …";
  return members.empty() ? "none" : out;
}

}  // namespace cairn
