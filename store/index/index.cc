#include "store/index/index.h"

#include <algorithm>

#include "store/index/segment.h"
#include "store/pack/pack_file.h"

namespace cairn {

namespace {

// Keys of the database, by first byte:  c chunk id → place   k pack id → number, size   m meta   p number → pack   s segment id
constexpr uint32_t kSchema = 1;
constexpr std::string_view kMetaKey = "m";
constexpr size_t kBatchChunks = 256 << 10;  // chunks a load step holds in memory: about 30 MB

std::string chunk_key(const ChunkId& id) { return "c" + std::string(text(id.view())); }

std::string pack_key(uint32_t number) {
  char key[5] = {'p', static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
                 static_cast<char>(number)};
  return std::string(key, sizeof key);
}

std::string encode_location(const Location& at) {
  Encoder out;
  for (uint32_t value : {at.pack, at.frame, at.offset_bytes, at.length_bytes}) out.varint(value);
  return std::string(text(out.out()));
}

Location decode_location(std::string_view value) {
  Decoder in(view(value), "local index");
  Location at;
  for (uint32_t* field : {&at.pack, &at.frame, &at.offset_bytes, &at.length_bytes})
    *field = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
  return at;
}

std::string encode_pack(const PackInfo& pack) {
  PackInfo bare = pack;
  bare.chunks.clear();
  Encoder out;
  out.raw(bare.id.view());
  out.u16(bare.version);
  out.u8(static_cast<uint8_t>(bare.type));
  out.u8(static_cast<uint8_t>(bare.suite));
  out.u64(bare.size_bytes);
  out.raw(bare.key_box);
  out.raw(bare.encode_body());
  return std::string(text(out.out()));
}

// Like PackInfo::decode_body, for a pack without its chunks.
PackInfo decode_pack(std::string_view value) {
  Decoder in(view(value), "local index");
  PackInfo pack;
  pack.id = PackId::from_bytes(in.raw(32));
  pack.version = in.u16();
  pack.type = static_cast<ObjectType>(in.u8());
  pack.suite = static_cast<Suite>(in.u8());
  pack.size_bytes = in.u64();
  std::ranges::copy(in.raw(kKeyBoxBytes), pack.key_box.begin());
  pack.decode_bare_body(in.raw(in.remaining()));
  return pack;
}

std::string encode_meta(const RepositoryId& repository, uint32_t next_pack) {
  Encoder out;
  out.u32(kSchema);
  out.raw(repository.view());
  out.u32(next_pack);
  return std::string(text(out.out()));
}

}  // namespace

Index::Index(Backend& backend, const Keyring& keys, const std::string& folder)
    : Index(backend, keys, std::make_unique<IndexDatabase>(folder)) {}
Index::Index(Backend& backend, const Keyring& keys, std::unique_ptr<IndexDatabase> database)
    : backend_(backend), keys_(keys), database_(std::move(database)) {
  refresh();
}

Index::~Index() = default;

void Index::synchronise() {
  std::vector<SegmentId> segments;
  for (const StoredFile& file : backend_.list("index/"))
    if (auto id = id_in_name<SegmentId>(file.name)) segments.push_back(*id);
  listed_.clear();
  for (const StoredFile& file : backend_.list("packs/"))
    if (auto id = id_in_name<PackId>(file.name)) listed_[*id] = {file.size_bytes, false};
  newer_.reset();
  distrusted_.clear();
  adopted_.clear();
  problems_.clear();
  next_pack_ = 0;
  ++epoch_;
  if (!database_fits(segments)) {
    rebuilt_ = true;
    database_->clear();
    distrusted_.clear();
    next_pack_ = 0;
    for (auto& [id, listed] : listed_) listed.known = false;
  }
  load(segments);
  adopt_unknown_packs();
  mark_condemned();
}

void Index::refresh() {
  std::unique_lock lock(mu_);
  try {
    synchronise();
  } catch (const DatabaseDamaged&) {
    database_->clear();
    synchronise();
  }
}

// Marks the packs the database knows; false when it is of another repository or knows what the repository has no longer.
bool Index::database_fits(const std::vector<SegmentId>& segments) {
  auto meta = database_->get(kMetaKey);
  if (!meta) return true;  // empty
  Decoder in(view(*meta), "local index");
  if (meta->size() != 40 || in.u32() != kSchema || RepositoryId::from_bytes(in.raw(32)) != keys_.repository) return false;
  next_pack_ = in.u32();
  bool fits = true;
  database_->scan("k", [&](std::string_view key, std::string_view value) {
    Decoder fields(view(value), "local index");
    uint32_t number = fields.u32();
    uint64_t size_bytes = fields.u64();
    auto found = listed_.find(PackId::from_bytes(view(key.substr(1))));
    if (found == listed_.end()) return void(fits = false);
    found->second.known = true;
    if (found->second.size_bytes != size_bytes) distrusted_[number] = true;
  });
  std::unordered_set<SegmentId, IdHash> present(segments.begin(), segments.end());
  database_->scan("s", [&](std::string_view key, std::string_view) {
    if (!present.contains(SegmentId::from_bytes(view(key.substr(1))))) fits = false;
  });
  return fits;
}

void Index::load(const std::vector<SegmentId>& segments) {
  std::vector<PackInfo> packs;
  std::vector<SegmentId> loaded;
  size_t chunks = 0;
  for (const SegmentId& id : segments) {
    if (database_->get("s" + std::string(text(id.view())))) continue;
    try {
      auto more = decode_segment(read_whole(backend_, segment_name(id), kMostSegmentBytes), id, keys_);
      for (PackInfo& pack : more) {
        chunks += pack.chunks.size();
        packs.push_back(std::move(pack));
      }
      loaded.push_back(id);
    } catch (const Error& e) {  // its packs are read from their directories below
      problems_.push_back(e.what());
    }
    if (chunks < kBatchChunks) continue;
    add(packs, loaded);
    packs.clear();
    loaded.clear();
    chunks = 0;
  }
  add(packs, loaded);
}

void Index::adopt_unknown_packs() {
  for (auto& [id, listed] : listed_) {
    if (listed.known) continue;
    try {
      adopted_.push_back(read_directory(backend_, keys_, id, listed.size_bytes));
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kNotFound) problems_.push_back(e.what());
    }
  }
  add(adopted_, {});
}

IndexDatabase& Index::writable() {
  if (database_->writable()) return *database_;
  if (!newer_) newer_ = std::make_unique<IndexDatabase>();
  return *newer_;
}

// Packs that are listed and not known yet go into the database, or beside it when another process writes it.
void Index::add(std::span<const PackInfo> packs, std::span<const SegmentId> segments) {
  std::vector<std::pair<std::string, std::string>> pairs;
  uint32_t first = next_pack_;
  // Packs of a wrong length first: a later good copy of a chunk takes its place.
  std::vector<const PackInfo*> order;
  for (bool good : {false, true})
    for (const PackInfo& pack : packs) {
      auto found = listed_.find(pack.id);
      if (found == listed_.end() || found->second.known || (found->second.size_bytes == pack.size_bytes) != good) continue;
      found->second.known = true;
      if (!good) distrusted_[next_pack_ + static_cast<uint32_t>(order.size())] = true;
      order.push_back(&pack);
    }
  if (order.empty() && !database_->writable()) return;  // which segments it has, a private database needn't remember
  for (const PackInfo* pack : order) {
    uint32_t number = next_pack_++;
    Location at{number, 0, 0, 0};
    size_t chunk = 0;
    for (const FrameInfo& frame : pack->frames) {
      at.offset_bytes = 0;
      for (uint32_t i = 0; i < frame.chunk_count; ++i, ++chunk) {
        at.length_bytes = pack->chunks[chunk].length_bytes;
        pairs.emplace_back(chunk_key(pack->chunks[chunk].id), encode_location(at));
        at.offset_bytes += at.length_bytes;
      }
      ++at.frame;
    }
    Encoder known;
    known.u32(number);
    known.u64(pack->size_bytes);
    pairs.emplace_back("k" + std::string(text(pack->id.view())), text(known.out()));
    pairs.emplace_back(pack_key(number), encode_pack(*pack));
  }
  for (const SegmentId& id : segments) pairs.emplace_back("s" + std::string(text(id.view())), "1");
  if (pairs.empty() && first == next_pack_) return;
  pairs.emplace_back(kMetaKey, encode_meta(keys_.repository, next_pack_));
  // Of equal keys the last one counts: a chunk that is in two packs is found in the later.
  std::ranges::stable_sort(pairs, {}, &std::pair<std::string, std::string>::first);
  auto end = std::unique(pairs.rbegin(), pairs.rend(), [](const auto& a, const auto& b) { return a.first == b.first; });
  pairs.erase(pairs.begin(), end.base());
  writable().ingest(pairs);
}

void Index::rebuild() const {
  auto* self = const_cast<Index*>(this);
  std::unique_lock lock(mu_);
  self->rebuilt_ = true;
  database_->clear();
  self->synchronise();
}

// A question to the database; when it turns out to be damaged it is rebuilt and asked again.
template <class Call>
auto Index::with_database(Call call) const {
  try {
    std::shared_lock lock(mu_);
    return call();
  } catch (const DatabaseDamaged&) {
    rebuild();
  }
  std::shared_lock lock(mu_);
  return call();
}

std::optional<Location> Index::find(const ChunkId& id) const {
  std::vector<std::optional<Location>> out;
  find_many({&id, 1}, out);
  return out[0];
}

void Index::find_many(std::span<const ChunkId> ids, std::vector<std::optional<Location>>& out) const {
  with_database([&] {
    out.assign(ids.size(), std::nullopt);
    std::vector<uint32_t> order(ids.size());
    for (uint32_t i = 0; i < ids.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return ids[a] < ids[b]; });
    std::vector<std::string> keys;
    keys.reserve(order.size());
    for (uint32_t i : order) keys.push_back(chunk_key(ids[i]));
    std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<std::string> values;
    for (const IndexDatabase* database : {database_.get(), newer_.get()}) {
      if (!database) continue;
      database->get_many(views, values);
      for (size_t i = 0; i < order.size(); ++i)
        if (!values[i].empty()) out[order[i]] = decode_location(values[i]);
    }
  });
}

void Index::usable_many(std::span<const ChunkId> ids, std::vector<uint8_t>& out) const {
  std::vector<std::optional<Location>> places;
  find_many(ids, places);
  std::shared_lock lock(mu_);
  out.resize(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) out[i] = places[i] && !distrusted_.contains(places[i]->pack);
}

void Index::distrust(const std::unordered_set<PackId, IdHash>& packs) {
  std::unique_lock lock(mu_);
  condemned_.insert(packs.begin(), packs.end());
  try {
    mark_condemned();
  } catch (const DatabaseDamaged&) {
    database_->clear();
    synchronise();
  }
}

void Index::mark_condemned() {
  if (condemned_.empty()) return;
  for (const IndexDatabase* database : {database_.get(), newer_.get()}) {
    if (!database) continue;
    database->scan("k", [&](std::string_view key, std::string_view value) {
      if (condemned_.contains(PackId::from_bytes(view(key.substr(1))))) distrusted_[Decoder(view(value), "local index").u32()] = true;
    });
  }
}

PackInfo Index::pack(uint32_t number) const {
  return with_database([&]() -> PackInfo {
    auto value = database_->get(pack_key(number));
    if (!value && newer_) value = newer_->get(pack_key(number));
    if (!value) throw DatabaseDamaged("a pack number that it doesn't know");
    return decode_pack(*value);
  });
}

void Index::add_segment(const SegmentId& id, std::span<const PackInfo> packs) {
  std::unique_lock lock(mu_);
  for (const PackInfo& pack : packs) {
    Listed& listed = listed_[pack.id];
    listed.size_bytes = pack.size_bytes;
  }
  try {
    add(packs, {&id, 1});
  } catch (const DatabaseDamaged&) {  // disposable: it is built anew from the segment that was just written
    database_->clear();
    synchronise();
  }
}

}  // namespace cairn
