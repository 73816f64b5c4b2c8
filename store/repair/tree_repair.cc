#include "store/repair/tree_repair.h"

#include <algorithm>

#include "store/tree/catalogue.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kTreeReadCacheBytes = 32 << 20;
constexpr FramePolicy kBroughtPolicy{3, 1 << 20};

}  // namespace

TreeRepair::TreeRepair(Repository& repository, const LostChunks& lost, CheckProgress& progress)
    : repository_(repository), index_(repository.index()), lost_(lost), progress_(progress),
      reader_(repository.backend(), repository.keys(), index_, kTreeReadCacheBytes),
      put_([this](ByteView bytes) { return put(bytes); }),
      get_([this](const ChunkId& id) { return object(id); }) {}

void TreeRepair::write_into(WriteSession& session) {
  session_ = &session;
  builder_.emplace(session.make_builder(kBroughtPolicy));
  whole_.clear();      // what only condemned packs have is brought along now
  doubtful_.clear();
}

// Why something can't be had.  Rethrows what is no answer to that.   Requires: `e` is being handled.
std::string TreeRepair::reason(const Error& e) {
  if (write_failed_ || e.code() == ErrorCode::kInterrupted || e.code() == ErrorCode::kUnsupported || e.code() == ErrorCode::kWrongKey) throw;
  if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kNotFound) unsure_ = true;
  return e.what();
}

void TreeRepair::lose(const std::string& path, const std::string& why) {
  ++told_->loss_count;
  if (told_->losses.size() < kMostLosses) told_->losses.push_back({path, why});
}

ChunkId TreeRepair::put(ByteView bytes) {
  if (!session_) return repository_.keys().chunk_id(bytes);
  write_failed_ = true;
  ChunkId id = session_->put_object(bytes);
  write_failed_ = false;
  return id;
}

// A chunk that no new snapshot may rely on as it is stored, but that could be read.
void TreeRepair::bring(const ChunkId& id, ByteView bytes) {
  if (!session_) return;
  std::vector<uint8_t> fresh;
  session_->claim_new({&id, 1}, fresh);
  if (!fresh[0]) return;
  write_failed_ = true;
  builder_->add(id, bytes);
  write_failed_ = false;
}

void TreeRepair::flush() {
  write_failed_ = true;
  builder_->flush();
  write_failed_ = false;
}

Buffer TreeRepair::object(const ChunkId& id) {
  Buffer bytes = reader_.get(id);
  std::vector<uint8_t> usable{1};
  if (session_) session_->usable({&id, 1}, usable);
  if (!usable[0]) put(bytes);
  return bytes;
}

std::string TreeRepair::why_not(const ChunkId& id) {
  auto [at, fresh] = doubtful_.try_emplace(id);
  if (!fresh) return at->second;
  try {
    bring(id, reader_.chunk(id));
  } catch (const Error& e) {
    doubtful_[id] = reason(e);
  }
  return doubtful_[id];
}

// "" when every chunk of a content can be had: stored where a snapshot may rely on it, or read to find out.
std::string TreeRepair::why_not(const Content& content) {
  if (content.kind == Content::Kind::kList && whole_.contains(content.list)) return "";
  try {
    ChunkListReader list(get_, content);
    for (auto refs = list.next(); !refs.empty(); refs = list.next()) {
      ids_.clear();
      for (const ChunkRef& ref : refs)
        if (!ref.is_zeros()) ids_.push_back(ref.id);
      index_.usable_many(ids_, usable_);
      for (size_t i = 0; i < ids_.size(); ++i) {
        if (usable_[i] && !lost_.contains(ids_[i])) continue;
        if (std::string why = why_not(ids_[i]); !why.empty()) return why;
      }
    }
  } catch (const Error& e) {
    return reason(e);
  }
  if (content.kind == Content::Kind::kList) whole_.insert(content.list);
  return "";
}

// Calls visit for every entry that can be read; says what can't.  False when something is missing.  Throws when `id` itself can't be
// read.
bool TreeRepair::entries(const ChunkId& id, const std::string& path, const std::function<void(Entry&)>& visit) {
  std::string last;
  return leaves(id, path, 0, [&](Entry& entry) {
    if (!last.empty() && !(last < entry.name)) throw Error(ErrorCode::kCorrupt, "names out of order: \"" + printable(entry.name) + "\"");
    last = entry.name;
    visit(entry);
  });
}

bool TreeRepair::leaves(const ChunkId& id, const std::string& path, int level, const std::function<void(Entry&)>& visit) {
  Buffer bytes = object(id);
  Decoder in(bytes, object_name(id));
  ObjectKind kind = open_object(in);
  if (kind == ObjectKind::kDirectoryLeaf) {
    for (Entry& entry : decode_directory_leaf(in)) visit(entry);
    return true;
  }
  if (kind != ObjectKind::kDirectoryBranch) in.fail("not a directory");
  if (level >= kMostObjectLevels) in.fail("nested too deeply");
  bool whole = true;
  for (const DirectoryChild& child : decode_directory_branch(in)) {
    try {
      whole &= leaves(child.id, path, level + 1, visit);
    } catch (const Error& e) {
      whole = false;
      lose(path, std::to_string(child.entry_count) + " entries from \"" + printable(child.first_name) + "\" on: " + reason(e));
    }
  }
  return whole;
}

// False when an entry must be left out, which is told then.  `whole` becomes false when anything at or beneath it is lost; then the
// entry of a directory is changed to what is kept of it.
bool TreeRepair::keeps(Entry& entry, const std::string& path, bool& whole) {
  progress_.check_interrupted();
  if (entry.type == EntryType::kFile) {
    std::string why = why_not(entry.content);
    if (why.empty()) return true;
    whole = false;
    lose(path, why);
    return false;
  }
  if (entry.type != EntryType::kDirectory) return true;
  auto beneath = directory(entry.directory, path);
  if (!beneath || !beneath->whole) whole = false;
  if (beneath && !beneath->whole) {
    entry.directory = beneath->id;
    entry.size_bytes = beneath->size_bytes;
    entry.file_count = beneath->file_count;
  }
  return beneath.has_value();
}

// nullopt, and told, when nothing of it can be read.
std::optional<TreeRepair::Kept> TreeRepair::directory(const ChunkId& id, const std::string& path) {
  if (whole_.contains(id)) return Kept{id, 0, 0, true};
  DirectoryWriter kept(put_);
  bool whole = true;
  try {
    require_depth(path);
    whole &= entries(id, path, [&](Entry& entry) {
      if (keeps(entry, path + "/" + entry.name, whole)) kept.add(std::move(entry));
    });
  } catch (const Error& e) {
    lose(path, reason(e));
    return std::nullopt;
  }
  if (whole) {
    whole_.insert(id);
    return Kept{id, 0, 0, true};
  }
  Kept out{kept.finish(), 0, 0, false};
  out.size_bytes = kept.size_bytes();
  out.file_count = kept.file_count();
  return out;
}

// "" when the names of a stream's parts can all be read.
std::string TreeRepair::why_not_parts(const ComponentInfo& component, const Entry& entry) {
  if (component.catalogue.is_zero() || whole_.contains(component.catalogue)) return "";
  try {
    CatalogueReader parts(get_, component.catalogue, entry.size_bytes);
    while (parts.next()) progress_.check_interrupted();
  } catch (const Error& e) {
    return reason(e);
  }
  whole_.insert(component.catalogue);
  return "";
}

// What the manifest says beside the content.  False when the component can't stay.
bool TreeRepair::keeps_component(ComponentInfo& info, const Entry& entry) {
  if (!info.recipe_list.is_zero()) {
    Content recipe;
    recipe.kind = Content::Kind::kList;
    recipe.list = info.recipe_list;
    if (std::string why = why_not(recipe); !why.empty()) {
      lose(info.name, "what gives it its original form is lost: " + why);
      return false;
    }
  }
  if (std::string why = why_not_parts(info, entry); !why.empty()) {
    lose(info.name, "all its bytes are there, but the list of its parts is lost: " + why);
    info.catalogue = {};
  }
  return true;
}

std::optional<Manifest> TreeRepair::repair(const Manifest& manifest, RepairedSnapshot& told) {
  told_ = &told;
  Manifest out = manifest;
  out.components.clear();
  DirectoryWriter root(put_);
  auto visit = [&](Entry& entry) {
    const ComponentInfo* before = manifest.component(entry.name);
    if (!before) return;   // in no component: nobody can name it
    ComponentInfo info = *before;
    bool entry_whole = true;
    bool stays = keeps(entry, entry.name, entry_whole) && keeps_component(info, entry);
    if (builder_) flush();   // two sources share no frame
    if (!stays) return;
    if (!entry_whole) {
      info.completeness = Completeness::kIncomplete;
      info.size_bytes = entry.size_bytes;
      info.file_count = entry.file_count;
    }
    info.new_bytes = info.stored_bytes = 0;   // the old snapshot's doing
    out.components.push_back(std::move(info));
    root.add(std::move(entry));
  };
  try {
    entries(manifest.root, "", visit);
  } catch (const Error& e) {
    lose("", reason(e));
  }
  for (const ComponentInfo& info : manifest.components)
    if (!out.component(info.name)) told.components_dropped.push_back(info.name);
  if (told.loss_count == 0 && told.components_dropped.empty()) return manifest;
  if (out.components.empty()) return std::nullopt;
  out.root = root.finish();
  return out;
}

}  // namespace cairn
