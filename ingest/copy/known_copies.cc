#include "ingest/copy/known_copies.h"

#include <algorithm>

#include "store/error.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

std::vector<ChunkRef> all_refs(const GetObject& get, const Content& content) {
  std::vector<ChunkRef> out;
  ChunkListReader list(get, content);
  for (auto refs = list.next(); !refs.empty(); refs = list.next()) out.insert(out.end(), refs.begin(), refs.end());
  return out;
}

bool same_cuts(std::span<const ChunkRef> a, std::span<const ChunkRef> b) {
  return std::ranges::equal(a, b, [](const ChunkRef& x, const ChunkRef& y) {
    return x.length_bytes == y.length_bytes && x.is_zeros() == y.is_zeros();
  });
}

}  // namespace

KnownCopies::KnownCopies(ChunkReader& source, ChunkReader& destination, const WriteSession& session, bool recut, KnownIds& known,
                         Monitor& monitor)
    : source_(source), destination_(destination), session_(session), recut_(recut), known_(known), monitor_(monitor) {}

void KnownCopies::learn(const Manifest& original, const Manifest& copy) {
  try {
    directories(original.root, copy.root, "");
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;   // else: it is brought again, and what is wrong with it told then
  }
}

Buffer KnownCopies::load(const ChunkId& id) {
  std::vector<uint8_t> usable;
  session_.usable({&id, 1}, usable);
  if (!usable[0]) throw Error(ErrorCode::kNotFound, "lost");
  return destination_.get(id);
}

// True when everything beneath is there and counts.
bool KnownCopies::directories(const ChunkId& original, const ChunkId& copy, const std::string& path) {
  if (known_.objects.find(original) == copy) return true;
  require_depth(path);
  DirectoryReader before(source_.object_source(), original);
  DirectoryReader after([this](const ChunkId& id) { return load(id); }, copy);
  bool whole = true;
  for (;;) {
    monitor_.check_interrupted();
    const Entry* mine = before.next();
    const Entry* theirs = after.next();
    if (!mine && !theirs) break;
    if (!mine || !theirs || mine->name != theirs->name) return false;
    try {
      whole &= entries(*mine, *theirs, path + "/" + mine->name);
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      whole = false;
    }
  }
  if (whole) known_.objects.put(original, copy);
  return whole;
}

bool KnownCopies::entries(const Entry& original, const Entry& copy, const std::string& path) {
  if (original.type != copy.type || original.size_bytes != copy.size_bytes) return false;
  if (original.type == EntryType::kDirectory) return directories(original.directory, copy.directory, path);
  const bool has_chunks = original.content.kind == Content::Kind::kChunks || original.content.kind == Content::Kind::kList;
  return !has_chunks || contents(original.content, copy.content);
}

bool KnownCopies::contents(const Content& original, const Content& copy) {
  if (known_.contents.find(content_key(original)) == copy) return true;
  const std::vector<ChunkRef> before = all_refs(source_.object_source(), original);
  const std::vector<ChunkRef> after = all_refs([this](const ChunkId& id) { return load(id); }, copy);
  std::vector<ChunkId> ids;
  for (const ChunkRef& ref : after)
    if (!ref.is_zeros()) ids.push_back(ref.id);
  std::vector<uint8_t> usable;
  session_.usable(ids, usable);
  if (!std::ranges::all_of(usable, [](uint8_t one) { return one != 0; })) return false;
  const bool as_it_was = same_cuts(before, after);
  if (recut_ && as_it_was && before.size() > 1) return false;
  if (!recut_ && as_it_was)
    for (size_t i = 0; i < before.size(); ++i)
      if (!before[i].is_zeros()) known_.chunks.put(before[i].id, after[i].id);
  known_.contents.put(content_key(original), copy);
  return true;
}

}  // namespace cairn
