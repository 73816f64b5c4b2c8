#include "store/index/index.h"

#include <algorithm>
#include <chrono>

#include "store/index/index_records.h"
#include "store/index/segment.h"
#include "store/pack/pack_file.h"

namespace cairn {

using namespace index_records;

namespace {

constexpr char kSegments[] = "index/", kPacks[] = "packs/";
constexpr size_t kBatchChunks = 256 << 10;  // chunks a load step holds in memory: about 30 MB
// Ranks of places.
constexpr uint64_t kGone = 0, kWrongLength = 1, kCondemned = 2 /* + generation */, kTrusted = UINT64_MAX;
constexpr int64_t kLookAgainNs = int64_t{10} * 1'000'000'000;

int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

Index::Index(Backend& backend, const Keyring& keys, const std::string& folder)
    : Index(backend, keys, std::make_unique<IndexDatabase>(folder)) {}
Index::Index(Backend& backend, const Keyring& keys, std::unique_ptr<IndexDatabase> database)
    : Index(backend, keys, std::move(database), FolderListing(backend, {kSegments, kPacks})) {}   // in this order: see list_now()
Index::Index(Backend& backend, const Keyring& keys, std::unique_ptr<IndexDatabase> database, const FolderListing& seen)
    : backend_(backend), keys_(keys), database_(std::move(database)) {
  refresh(seen);
}

Index::~Index() = default;

// Segments first: a pack comes before the segment that names it.
FolderListing Index::list_now() const { return FolderListing(backend_, {kSegments, kPacks}); }

void Index::synchronise(const FolderListing& seen) {
  std::vector<SegmentId> segments;
  for (const StoredFile& file : seen.in(kSegments))
    if (auto id = id_in_name<SegmentId>(file.name)) segments.push_back(*id);
  listed_.clear();
  for (const StoredFile& file : seen.in(kPacks))
    if (auto id = id_in_name<PackId>(file.name)) listed_[*id] = {file.size_bytes};
  newer_.reset();
  distrusted_.clear();
  gone_.clear();
  problems_.clear();
  next_pack_ = 0;
  ++epoch_;
  if (!database_fits(segments)) {
    rebuilt_ = true;
    database_->clear();
    distrusted_.clear();
    gone_.clear();
    next_pack_ = 0;
    for (auto& [id, listed] : listed_) listed = {listed.size_bytes};
  }
  load(segments);
  adopt_unknown_packs();
  mark_condemned();
}

void Index::refresh() { refresh(list_now()); }

void Index::refresh(const FolderListing& seen) {
  std::unique_lock lock(mu_);
  try {
    synchronise(seen);
  } catch (const DatabaseDamaged&) {
    database_->clear();
    synchronise(seen);
  }
}

// Marks the packs the database knows; false when it is of another repository, or more of its packs are gone than are there.
bool Index::database_fits(const std::vector<SegmentId>& segments) {
  auto meta = database_->get(kMetaKey);
  if (!meta) return true;  // empty
  auto next_pack = decode_meta(*meta, keys_.repository);
  if (!next_pack) return false;
  next_pack_ = *next_pack;
  std::unordered_set<SegmentId, IdHash> present(segments.begin(), segments.end());
  size_t known = 0;
  database_->scan("k", [&](std::string_view key, std::string_view value) {
    PackRecord record = PackRecord::decode(value);
    auto found = listed_.find(PackId::from_bytes(view(key.substr(1))));
    if (found == listed_.end()) return void(gone_.insert(record.number));
    ++known;
    found->second.known = true;
    found->second.number = record.number;
    found->second.in_segment = present.contains(record.segment);
    if (found->second.size_bytes != record.size_bytes) distrusted_[record.number] = {found->first, kWrongLength};
  });
  return gone_.size() <= known;
}

void Index::load(const std::vector<SegmentId>& segments) {
  std::vector<Loaded> packs;
  std::vector<SegmentId> loaded;
  size_t chunks = 0;
  for (const SegmentId& id : segments) {
    if (database_->get(segment_key(id))) continue;
    try {
      auto more = decode_segment(read_whole(backend_, segment_name(id), kMostSegmentBytes), id, keys_);
      for (PackInfo& pack : more) {
        chunks += pack.chunks.size();
        packs.push_back({std::move(pack), id});
      }
      loaded.push_back(id);
    } catch (const Error& e) {  // its packs are read from their directories below
      if (e.code() != ErrorCode::kNotFound) problems_.push_back(e.what());   // merged into another one meanwhile
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
  std::vector<Loaded> packs;
  for (auto& [id, listed] : listed_) {
    if (listed.known) continue;
    try {
      packs.push_back({read_directory(backend_, keys_, id, listed.size_bytes), {}});
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kNotFound) problems_.push_back(e.what());
    }
  }
  add(packs, {});
}

// Only writers ask: those the database knows are read from their directories once more.
std::vector<PackInfo> Index::adopted() const {
  std::vector<std::pair<PackId, uint64_t>> wanted;
  {
    std::shared_lock lock(mu_);
    for (const auto& [id, listed] : listed_)
      if (listed.known && !listed.in_segment) wanted.emplace_back(id, listed.size_bytes);
  }
  std::ranges::sort(wanted);
  std::vector<PackInfo> packs;
  for (const auto& [id, size_bytes] : wanted) {
    try {
      packs.push_back(read_directory(backend_, keys_, id, size_bytes));
    } catch (const Error&) {  // gone meanwhile, or damaged: told when it was found
    }
  }
  return packs;
}

IndexDatabase& Index::writable() {
  if (database_->writable()) return *database_;
  if (!newer_) newer_ = std::make_unique<IndexDatabase>();
  return *newer_;
}

// Of sorted pairs, chunks that are known in other packs keep those places.  The first packs of a database need no looking.
void Index::add_known_places(std::vector<std::pair<std::string, std::string>>& pairs) const {
  std::vector<std::string_view> keys;
  std::vector<std::string*> values;
  for (auto& [key, value] : pairs) {
    if (key[0] != 'c') continue;
    keys.push_back(key);
    values.push_back(&value);
  }
  for (const IndexDatabase* database : {database_.get(), newer_.get()}) {
    if (!database) continue;
    database->get_many(keys, [&](size_t i, std::string_view old) {
      each_location(old, [&](const Location& at) {
        if (!gone_.contains(at.pack)) append_location(*values[i], at);
      });
    });
  }
}

// Packs that are listed and not known yet go into the database, or beside it when another process writes it.
void Index::add(std::span<const Loaded> packs, std::span<const SegmentId> segments) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const bool first = next_pack_ == 0;
  bool fresh = false;
  for (const auto& [pack, segment] : packs) {
    auto found = listed_.find(pack.id);
    if (found == listed_.end()) continue;
    Listed& listed = found->second;
    if (listed.known && (listed.in_segment || segment.is_zero())) continue;
    listed.in_segment = !segment.is_zero();
    if (!listed.known) {
      fresh = true;
      listed.known = true;
      listed.number = next_pack_++;
      if (listed.size_bytes != pack.size_bytes) distrusted_[listed.number] = {pack.id, kWrongLength};
      Location at{listed.number, 0, 0, 0, 0};
      for (const FrameInfo& frame : pack.frames) {
        at.offset_bytes = 0;
        for (uint32_t i = 0; i < frame.chunk_count; ++i, ++at.chunk) {
          at.length_bytes = pack.chunks[at.chunk].length_bytes;
          append_location(pairs.emplace_back(chunk_key(pack.chunks[at.chunk].id), "").second, at);
          at.offset_bytes += at.length_bytes;
        }
        ++at.frame;
      }
      pairs.emplace_back(pack_key(listed.number), encode_pack(pack));
    }
    pairs.emplace_back(known_key(pack.id), PackRecord{listed.number, pack.size_bytes, segment}.encode());
  }
  if (!fresh && !database_->writable()) return;  // which segments it has, a private database needn't remember
  for (const SegmentId& id : segments) pairs.emplace_back(segment_key(id), "1");
  if (pairs.empty()) return;
  pairs.emplace_back(std::string(kMetaKey), encode_meta(keys_.repository, next_pack_));
  std::ranges::stable_sort(pairs, {}, &std::pair<std::string, std::string>::first);
  // A chunk that is in two of the packs has both places.
  size_t kept = 0;
  for (size_t i = 1; i < pairs.size(); ++i) {
    if (pairs[i].first == pairs[kept].first) {
      if (pairs[i].first[0] == 'c') pairs[kept].second += pairs[i].second;
      else pairs[kept].second = std::move(pairs[i].second);
    } else if (++kept != i) {
      pairs[kept] = std::move(pairs[i]);
    }
  }
  pairs.resize(kept + 1);
  if (!first) add_known_places(pairs);
  writable().ingest(pairs);
}

void Index::rebuild() const {
  auto* self = const_cast<Index*>(this);
  std::unique_lock lock(mu_);
  self->rebuilt_ = true;
  database_->clear();
  self->synchronise(list_now());
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

void Index::expect_all(const IndexDatabase& database) {
  try {
    database.expect_all('c');
  } catch (const DatabaseDamaged&) {
    // It will be met, and the database built anew, when it is asked.
  }
}

std::optional<Location> Index::find(const ChunkId& id) const {
  std::vector<std::optional<Location>> out;
  find_many({&id, 1}, out);
  return out[0];
}

// Higher is better: kTrusted, condemned, of a wrong length, gone.  Requires: mu_ is held.
uint64_t Index::rank(const Location& at) const {
  if (gone_.contains(at.pack)) return kGone;
  auto found = distrusted_.find(at.pack);
  return found == distrusted_.end() ? kTrusted : found->second.rank;
}

bool Index::better(const Location& a, const Location& b) const {
  uint64_t rank_a = rank(a), rank_b = rank(b);
  if (rank_a != rank_b || rank_a == kTrusted || rank_a == kGone) return rank_a > rank_b;
  return distrusted_.at(a.pack).id < distrusted_.at(b.pack).id;
}

void Index::find_many(std::span<const ChunkId> ids, std::vector<std::optional<Location>>& out) const {
  with_database([&] {
    out.assign(ids.size(), std::nullopt);
    std::vector<uint32_t> order(ids.size());
    for (uint32_t i = 0; i < ids.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return ids[a] < ids[b]; });
    std::string bytes;   // one after the other
    bytes.reserve(order.size() * kChunkKeyBytes);
    for (uint32_t i : order) append_chunk_key(bytes, ids[i]);
    std::vector<std::string_view> keys(order.size());
    for (size_t i = 0; i < keys.size(); ++i) keys[i] = std::string_view(bytes).substr(i * kChunkKeyBytes, kChunkKeyBytes);
    for (const IndexDatabase* database : {database_.get(), newer_.get()}) {
      if (!database) continue;
      database->get_many(keys, [&](size_t i, std::string_view value) {
        each_location(value, [&](const Location& at) {
          std::optional<Location>& best = out[order[i]];
          if (best ? better(at, *best) : rank(at) != kGone) best = at;
        });
      });
    }
  });
}

std::vector<Location> Index::places(const ChunkId& id) const {
  std::vector<Location> out;
  with_database([&] {
    out.clear();
    for (const IndexDatabase* database : {database_.get(), newer_.get()}) {
      auto value = database ? database->get(chunk_key(id)) : std::nullopt;
      if (value) each_location(*value, [&](const Location& at) {
        if (rank(at) != kGone && std::ranges::find(out, at) == out.end()) out.push_back(at);
      });
    }
    std::ranges::stable_sort(out, [&](const Location& a, const Location& b) { return better(a, b); });
  });
  return out;
}

void Index::usable_many(std::span<const ChunkId> ids, std::vector<uint8_t>& out, std::unordered_set<uint32_t>* packs) const {
  std::vector<std::optional<Location>> found;
  find_many(ids, found);
  std::shared_lock lock(mu_);
  out.resize(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    out[i] = found[i] && rank(*found[i]) == kTrusted;
    if (out[i] && packs) packs->insert(found[i]->pack);
  }
}

bool Index::gone(uint32_t number) const {
  std::shared_lock lock(mu_);
  return gone_.contains(number);
}

bool Index::look_again() const {
  int64_t before = looked_ns_, now = steady_ns();
  if ((before != 0 && now - before < kLookAgainNs) || !looked_ns_.compare_exchange_strong(before, now)) return false;
  const_cast<Index*>(this)->refresh();
  return true;
}

void Index::distrust(const Condemned& packs) {
  std::unique_lock lock(mu_);
  for (const auto& [pack, since] : packs) condemned_[pack] = since;
  try {
    mark_condemned();
  } catch (const DatabaseDamaged&) {
    database_->clear();
    synchronise(list_now());
  }
}

void Index::mark_condemned() {
  if (condemned_.empty()) return;
  for (const IndexDatabase* database : {database_.get(), newer_.get()}) {
    if (!database) continue;
    database->scan("k", [&](std::string_view key, std::string_view value) {
      auto condemned = condemned_.find(PackId::from_bytes(view(key.substr(1))));
      if (condemned == condemned_.end()) return;
      auto [known, fresh] = distrusted_.emplace(PackRecord::decode(value).number, Distrusted{condemned->first, 0});
      if (known->second.rank != kWrongLength) known->second.rank = kCondemned + condemned->second;
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
  std::vector<Loaded> loaded;
  for (const PackInfo& pack : packs) {
    listed_[pack.id].size_bytes = pack.size_bytes;
    loaded.push_back({pack, id});
  }
  try {
    add(loaded, {&id, 1});
  } catch (const DatabaseDamaged&) {  // disposable: it is built anew from the segment that was just written
    database_->clear();
    synchronise(list_now());
  }
}

}  // namespace cairn
