#include "ingest/parts/closure.h"

#include <algorithm>
#include <deque>
#include <set>

namespace cairn {

namespace {

constexpr size_t kMostParts = 64 << 10;
constexpr std::string_view kLeftOut = "-- left out:", kMoreLeftOut = "-- … and ";   // remarks of parts, ingest/postgres

template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view property(const Part& part, const std::string& key) {
  auto found = part.properties.find(key);
  return found == part.properties.end() ? std::string_view{} : found->second;
}

class Closure {
 public:
  Closure(CatalogueReader& catalogue, bool with_wanted) : catalogue_(catalogue), with_wanted_(with_wanted) {}

  void add_all(std::span<const Part> chosen) {
    for (const Part& part : chosen) names_.insert(part.name);
    for (const Part& part : chosen) add(part);
    while (!wanted_.empty()) {
      std::optional<Part> part = catalogue_.find(wanted_.front());
      wanted_.pop_front();
      if (part) add(*part);   // what the dump didn't hold nobody can add
      if (names_.size() + links_.size() > kMostParts)
        throw Error(ErrorCode::kInvalidArgument, printable(chosen.front().name) + ": needs more than " + std::to_string(kMostParts) +
                                                     " other parts: take the whole directory that it is in");
    }
    for (const std::string& name : links_) {
      std::optional<Part> link = catalogue_.find(name);
      if (!link || link->kind != "link" || names_.contains(name)) continue;
      bool complete = true;
      for_each_line(property(*link, "needs"), [&](std::string_view need) { complete = complete && names_.contains(need); });
      if (complete) add_text(*link);
    }
  }

  std::vector<PartPiece> pieces() {
    std::vector<PartPiece> out;
    if (!preamble_.empty()) out.push_back({std::move(preamble_), {}});
    std::ranges::sort(extents_, {}, &Extent::offset_bytes);
    for (const Extent& extent : extents_) {
      Extent* last = out.empty() || !out.back().text.empty() ? nullptr : &out.back().extent;
      uint64_t end = extent.offset_bytes + extent.length_bytes;
      if (!last || extent.offset_bytes > last->offset_bytes + last->length_bytes) out.push_back({{}, extent});
      else last->length_bytes = std::max(last->offset_bytes + last->length_bytes, end) - last->offset_bytes;
    }
    return out;
  }

 private:
  void add(const Part& part) {
    add_text(part);
    for_each_line(property(part, "wants"), [&](std::string_view name) {
      if (with_wanted_ && names_.emplace(name).second) wanted_.emplace_back(name);
    });
    for_each_line(property(part, "links"), [&](std::string_view name) { links_.emplace(name); });
  }
  void add_text(const Part& part) {
    for_each_line(text(part.preamble), [&](std::string_view line) {
      if (line.starts_with(kLeftOut) || line.starts_with(kMoreLeftOut) || !lines_.emplace(line).second) return;
      preamble_.insert(preamble_.end(), line.begin(), line.end());
      preamble_.push_back('\n');
    });
    for (const Extent& extent : part.extents)
      if (extent.length_bytes > 0) extents_.push_back(extent);
  }

  CatalogueReader& catalogue_;
  const bool with_wanted_;
  std::set<std::string, std::less<>> names_, links_, lines_;   // lines_: of the preamble
  std::deque<std::string> wanted_;
  Bytes preamble_;
  std::vector<Extent> extents_;
};

}  // namespace

std::vector<PartPiece> pieces_with_dependencies(CatalogueReader& catalogue, const Part& part) {
  return pieces_together(catalogue, {&part, 1}, true);
}

std::vector<PartPiece> pieces_together(CatalogueReader& catalogue, std::span<const Part> parts, bool with_dependencies) {
  Closure closure(catalogue, with_dependencies);
  closure.add_all(parts);
  return closure.pieces();
}

}  // namespace cairn
