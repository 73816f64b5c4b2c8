#include "fuse/part_directories.h"

#include "fuse/rebuilt_file.h"
#include "store/tree/directory.h"

namespace cairn {

std::unique_ptr<PartDirectories::View> PartDirectories::make_view(const PartedComponent& of) {
  readers_.open_index();
  auto entry = DirectoryReader::find([&](const ChunkId& id) { return readers_.object(id); }, of.snapshot->root, of.component->name);
  if (!entry) throw Error(ErrorCode::kCorrupt, "component " + printable(of.component->name) + ": is not in its snapshot's root");
  auto view = std::make_unique<View>();
  view->content = entry->content;
  view->parts = std::make_unique<PartView>(readers_.repository(), *of.component, std::move(*entry), monitor_, 1);
  return view;
}

template <class Work>
auto PartDirectories::with_view(const PartedComponent& of, Work work) {
  const auto view = views_.get(of.component, [&] { return decltype(views_)::Loaded{make_view(of), 1}; });
  std::lock_guard lock(view->mu);
  return work(*view);
}

Entry PartDirectories::directory(const PartedComponent& of) {
  return with_view(of, [](View& view) { return view.parts->directory(); });
}

void PartDirectories::list_from(const PartedComponent& of, const std::string& directory, uint64_t place, const VisitPlaced& visit) {
  with_view(of, [&](View& view) { view.parts->list_from(directory, place, visit); });
}

bool PartDirectories::find_in(const PartedComponent& of, const std::string& directory, const std::string& name,
                              const VisitPlaced& visit) {
  return with_view(of, [&](View& view) { return view.parts->find_in(directory, name, visit); });
}

Entry PartDirectories::entry_at(const PartedComponent& of, const std::string& directory, uint64_t place) {
  std::optional<Entry> found;
  list_from(of, directory, place, [&](const Entry& entry, uint64_t at, uint64_t) {
    if (at == place) found = entry;
    return false;
  });
  if (!found) throw Error(ErrorCode::kNotFound, printable(of.component->name + "/" + directory) + ": there is no such file in it");
  return std::move(*found);
}

std::unique_ptr<OpenedFile> PartDirectories::open(const PartedComponent& of, const std::string& directory, uint64_t place) {
  return with_view(of, [&](View& view) -> std::unique_ptr<OpenedFile> {
    const PartFile file = view.parts->file_at(directory, place);
    if (!file.original) return std::make_unique<PiecewiseFile>(view.content, view.parts->all_pieces(file));
    if (of.component->transform.empty()) return std::make_unique<PiecewiseFile>(view.content, file.entry.size_bytes);
    // Of another view: making the original may take long.
    return std::make_unique<RebuiltFile>(std::move(make_view(of)->parts), file);
  });
}

}  // namespace cairn
