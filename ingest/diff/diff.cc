#include "ingest/diff/diff.h"

#include <set>

#include "ingest/diff/part_diff.h"
#include "ingest/diff/tree_diff.h"
#include "ingest/index_problems.h"
#include "ingest/parts/part_view.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

using Change = Difference::Change;

// One side of the comparison.
struct Place {
  const Manifest& snapshot;
  std::string path;
  const ComponentInfo* component = nullptr;   // when the path names one
  std::optional<Entry> entry;                 // at the path; of a component with parts: its own
  std::string rest;                           // of the path, within a component with parts
};

Place find_place(BulkReader& reader, const Manifest& snapshot, std::string path) {
  path = tidy_path(path);
  Place place{snapshot, path, nullptr, {}, ""};
  if (path.empty()) return place;
  const std::string name = path.substr(0, path.find('/'));
  place.component = snapshot.component(name);
  if (place.component && !place.component->catalogue.is_zero()) {
    place.entry = find_path(reader.single().object_source(), snapshot.root, name);
    if (path.size() > name.size()) place.rest = path.substr(name.size() + 1);
  } else {
    place.entry = find_path(reader.single().object_source(), snapshot.root, path);
  }
  return place;
}

void diff_places(BulkReader& reader, const Place& before, const Place& after, const VisitDifference& visit, Monitor& monitor) {
  const bool parts_before = before.component && !before.component->catalogue.is_zero();
  const bool parts_after = after.component && !after.component->catalogue.is_zero();
  if (!parts_before || !parts_after) return diff_entries(reader, *before.entry, *after.entry, after.path, visit, monitor);
  auto side = [&](const Place& place) {
    return PartsSide{reader.single(), *place.component, *place.entry, place.rest, place.rest.empty() ? place.path + "/" : place.path};
  };
  diff_parts(side(before), side(after), visit, monitor);
}

void visit_component(Change change, const ComponentInfo& component, const VisitDifference& visit) {
  Difference out;
  out.change = change;
  out.path = component.name;
  out.kind = component_kind_name(component.kind);
  (change == Change::kAdded ? out.bytes_after : out.bytes_before) = component.size_bytes;
  visit(out);
}

}  // namespace

void diff(Repository& repository, const Manifest& before, const std::string& path_before, const Manifest& after,
          const std::string& path_after, const std::function<void(const Difference&)>& visit, Monitor& monitor) {
  warn_of_index_problems(repository, monitor);
  monitor.phase("comparing");
  BulkReader reader(repository.backend(), repository.keys(), repository.index(), 32 << 20);
  const Place left = find_place(reader, before, path_before), right = find_place(reader, after, path_after);
  if (left.entry && right.entry) return diff_places(reader, left, right, visit, monitor);
  if (left.entry || right.entry)
    throw Error(ErrorCode::kInvalidArgument, "a path in one snapshot can't be compared with the whole of the other: give both a path, or none");
  std::set<std::string> names;
  for (const Manifest* snapshot : {&before, &after})
    for (const ComponentInfo& component : snapshot->components) names.insert(component.name);
  for (const std::string& name : names) {
    const ComponentInfo *was = before.component(name), *is = after.component(name);
    if (!was || !is) visit_component(was ? Change::kRemoved : Change::kAdded, was ? *was : *is, visit);
    else diff_places(reader, find_place(reader, before, name), find_place(reader, after, name), visit, monitor);
  }
}

}  // namespace cairn
