#include "ingest/redis/rdb_intake.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "ingest/redis/part_names.h"
#include "ingest/redis/rdb/rdb_writer.h"

namespace cairn {

namespace {

constexpr size_t kMostSortedBytes = 64 << 10;      // longer records are sorted by reference
constexpr size_t kHashBlock = 64 << 10;            // hashes in a block
constexpr size_t kMostUseBytes = 255;              // its length is one byte
constexpr size_t kMostFunctionBytes = 1 << 20;     // in a catalogue
constexpr size_t kFunctionMemoryBytes = 8 << 20;
constexpr size_t kMostVersionBytes = 64;
constexpr size_t kMostWarnings = 10;
constexpr size_t kIntakeBlockBytes = 256 << 10;           // read back at a time

void append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace

RdbIntake::RdbIntake(std::function<size_t(std::span<uint8_t>)> read, size_t sort_memory_bytes)
    : reader_([this, from = std::move(read)](std::span<uint8_t> into) {
        const size_t got = from(into);
        hash_.update(into.first(got));
        recipe_.original_bytes += got;
        return got;
      }),
      records_(sort_memory_bytes),
      functions_(std::min(sort_memory_bytes, kFunctionMemoryBytes)) {}

void RdbIntake::read_all() {
  for (;;) {
    const RdbReader::Item item = reader_.next();
    switch (item) {
      case RdbReader::Item::kEnd:
        recipe_.hash = hash_.finish();
        recipe_.verbatim_bytes = verbatim_.size_bytes();
        return;
      case RdbReader::Item::kKey:
        add_key();
        break;
      case RdbReader::Item::kFunction:
        add_function();
        add_verbatim(reader_.bytes());
        break;
      case RdbReader::Item::kOther:
        note_aux();
        add_verbatim(reader_.bytes());
        break;
      case RdbReader::Item::kRest:
        if (!rest_begin_) rest_begin_ = item_begin_;
        for (ByteView piece = reader_.rest_piece(); !piece.empty(); piece = reader_.rest_piece()) add_verbatim(piece);
        break;
    }
  }
}

bool RdbIntake::may_sort(const RdbKey& key) {
  if (!sorting_) return false;
  if (recipe_.records == OrderTable::kMostRecords || recipe_.layout.size() >= RdbRecipe::kMostRuns) {
    sorting_ = false;
    rest_begin_ = item_begin_;
    warnings_.push_back("more keys, or more changes between databases, than can be sorted: from byte " + std::to_string(item_begin_) +
                        " on they are only in the original");
    return false;
  }
  return key.use.size() <= kMostUseBytes;
}

void RdbIntake::add_key() {
  const RdbKey& key = reader_.key();
  if (!may_sort(key)) {
    for (const ByteView bytes : {key.expiry, key.use, key.type_and_name, key.value}) add_verbatim(bytes);
    if (key.long_value)
      for (ByteView piece = reader_.value_piece(); !piece.empty(); piece = reader_.value_piece()) add_verbatim(piece);
    return;
  }
  if (key.long_value) {
    add_long(key);
    return;
  }
  redis_record_name(key.db, key.name, name_);
  SortedRecord record;
  record.type = key.type;
  record.expires_ms = key.expires_ms;
  record.use = key.use;
  record.head_bytes = static_cast<uint32_t>(key.expiry.size() + key.type_and_name.size());
  ByteView value = key.value;
  if (inner_.sort(reader_.flavor(), key.type, value)) {
    value = inner_.sorted();
    record.ranks = inner_.ranks();
    record.ranks_bytes = record.ranks.size();
  }
  record.record_bytes = record.head_bytes + value.size();
  std::array pieces{key.expiry, key.type_and_name, value};
  if (record.record_bytes > kMostSortedBytes) {
    record.spilled = true;
    record.spill_begin = long_records_.size_bytes();
    for (const ByteView piece : pieces) long_records_.append(piece);
    long_records_.append(record.ranks);
    record.ranks = {};
    pieces = {};
  }
  add_sorted(record, pieces);
}

// The record, whose name is ready, gets its place.
void RdbIntake::add_sorted(SortedRecord& record, const std::array<ByteView, 3>& pieces) {
  record.position = static_cast<uint32_t>(recipe_.records++);
  std::array<uint8_t, SortedRecord::kMostHeadBytes> head;
  records_->add(name_, std::array{record.encode_head(head), record.use, record.ranks, pieces[0], pieces[1], pieces[2]});
  if (hashes_.empty() || hashes_.back().size() == kHashBlock) hashes_.emplace_back().reserve(kHashBlock);
  hashes_.back().push_back(order_hash(name_));
  item_begin_ += record.record_bytes + record.use.size();
  if (record.expires_ms) ++expiring_;
  if (!record.use.empty()) recipe_.has_use = true;
  if (recipe_.layout.empty() || recipe_.layout.back().verbatim_bytes > 0) recipe_.layout.push_back({});
  ++recipe_.layout.back().records;
}

// A set or hash that may be sorted inside comes into `value`, and true; every other value goes to the buffer at once.
bool RdbIntake::gather(Bytes& value) {
  bool gathers = InnerOrder::has_order(reader_.flavor(), reader_.key().type);
  for (ByteView piece = reader_.value_piece(); !piece.empty(); piece = reader_.value_piece()) {
    if (gathers && value.size() + piece.size() > kMostInnerBytes) {
      gathers = false;
      long_records_.append(value);
      value = {};
    }
    if (gathers) append(value, piece);
    else long_records_.append(piece);
  }
  return gathers;
}

void RdbIntake::add_long(const RdbKey& key) {
  redis_record_name(key.db, key.name, name_);
  SortedRecord record;
  record.type = key.type;
  record.expires_ms = key.expires_ms;
  record.use = key.use;
  record.head_bytes = static_cast<uint32_t>(key.expiry.size() + key.type_and_name.size());
  record.spilled = true;
  record.spill_begin = long_records_.append(key.expiry);
  long_records_.append(key.type_and_name);
  Bytes value;
  const bool gathers = gather(value);
  if (!reader_.problem().empty()) {   // the value breaks off
    give_up_long(key, record.spill_begin + record.head_bytes, value);
    return;
  }
  const bool sorted = gathers && inner_.sort(reader_.flavor(), key.type, value);
  if (gathers) long_records_.append(sorted ? inner_.sorted() : ByteView(value));
  record.record_bytes = long_records_.size_bytes() - record.spill_begin;
  if (sorted) {
    long_records_.append(inner_.ranks());
    record.ranks_bytes = inner_.ranks().size();
  }
  add_sorted(record, {});
}

// What looked like a record is bytes like others.
void RdbIntake::give_up_long(const RdbKey& key, uint64_t value_begin, const Bytes& gathered) {
  rest_begin_ = item_begin_;
  for (const ByteView bytes : {key.expiry, key.use, key.type_and_name}) add_verbatim(bytes);
  Bytes block;
  for (uint64_t at = value_begin; at < long_records_.size_bytes(); at += block.size()) {
    block.resize(static_cast<size_t>(std::min<uint64_t>(kIntakeBlockBytes, long_records_.size_bytes() - at)));
    long_records_.read(at, block);
    add_verbatim(block);
  }
  add_verbatim(gathered);
}

void RdbIntake::add_verbatim(ByteView bytes) {
  if (bytes.empty()) return;
  if (item_begin_ < recipe_.header.size()) {
    const size_t size = std::min(bytes.size(), static_cast<size_t>(recipe_.header.size() - item_begin_));
    std::copy_n(bytes.begin(), size, recipe_.header.begin() + static_cast<ptrdiff_t>(item_begin_));
  }
  item_begin_ += bytes.size();
  verbatim_.append(bytes);
  if (recipe_.layout.empty()) recipe_.layout.push_back({});
  recipe_.layout.back().verbatim_bytes += bytes.size();
}

void RdbIntake::add_function() {
  ++function_count_;
  const std::string_view source = reader_.function();
  Part part;
  part.name = redis_function_name(source);
  if (part.name.empty() || source.size() > kMostFunctionBytes) {
    if (warnings_.size() < kMostWarnings)
      warnings_.push_back("the library of functions at byte " + std::to_string(item_begin_) +
                          " has no name, or is longer than 1 MiB: saved, but can't be listed or restored alone");
    return;
  }
  part.kind = "function";
  const ByteView bytes = view(source);
  part.preamble.assign(bytes.begin(), bytes.end());
  functions_.add(part);
}

void RdbIntake::note_aux() {
  const auto aux = reader_.aux();
  if (!aux) return;
  if ((aux->name == "redis-ver" || aux->name == "valkey-ver") && aux->value.size() <= kMostVersionBytes) {
    server_version_ = printable(aux->value);
  } else if (aux->name == kCaptureAux && aux->value.size() <= kMostVersionBytes) {
    capture_ = printable(aux->value);
  } else if (aux->name == "ctime") {
    int64_t seconds = 0;
    const char* end = aux->value.data() + aux->value.size();
    const auto [at, error] = std::from_chars(aux->value.data(), end, seconds);
    if (error == std::errc() && at == end) created_s_ = seconds;
  }
}

std::vector<uint64_t> RdbIntake::take_hashes() {
  std::vector<uint64_t> out;
  out.reserve(recipe_.records);
  for (auto& block : hashes_) {
    out.insert(out.end(), block.begin(), block.end());
    block = {};
  }
  hashes_ = {};
  return out;
}

}  // namespace cairn
