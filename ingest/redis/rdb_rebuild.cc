// From the stored stream of an RDB file back to the file: its lists are read first, then its records in sorted order, each of which
// gets back its use, the order inside it and its place; then all of it in the order of the original.

#include <algorithm>
#include <array>

#include "ingest/redis/inner_order.h"
#include "ingest/redis/part_names.h"
#include "ingest/redis/rdb_recipe.h"
#include "ingest/redis/rdb_source.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostCarriedBytes = 64 << 10;   // longer records are read a second time when their turn comes
constexpr size_t kFetchBytes = 1 << 20;
constexpr size_t kRebuiltPieceBytes = 256 << 10;

using Write = std::function<void(ByteView)>;

[[noreturn]] void corrupt(const std::string& why) { throw Error(ErrorCode::kCorrupt, "RDB file: rebuilding it: " + why); }

void append_bytes(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Bytes [begin, begin + size) of the stored stream; grows as they come.
Bytes fetch(const ReadStored& read, uint64_t begin, uint64_t size) {
  Bytes out;
  for (uint64_t at = 0; at < size; at = out.size()) {
    const uint64_t want = std::min<uint64_t>(kFetchBytes, size - at);
    read(begin + at, want, [&](ByteView bytes) { append_bytes(out, bytes); });
    if (out.size() != at + want) corrupt("its stored bytes end too early");
  }
  return out;
}

// A region of the stored stream from its beginning on.
class RegionCursor {
 public:
  RegionCursor(const ReadStored& read, uint64_t begin, uint64_t size) : read_(read), end_(begin + size), at_(begin) {}

  // As many bytes as there are, at most what `into` takes.
  size_t read(std::span<uint8_t> into) {
    if (block_at_ == block_.size()) {
      block_ = fetch(read_, at_, std::min<uint64_t>(kFetchBytes, end_ - at_));
      at_ += block_.size();
      block_at_ = 0;
    }
    const size_t size = std::min(into.size(), block_.size() - block_at_);
    if (size > 0) std::memcpy(into.data(), block_.data() + block_at_, size);
    block_at_ += size;
    return size;
  }
  // Exactly `size` bytes; valid until the next call.
  ByteView take(size_t size) {
    if (block_.size() - block_at_ < size) {
      taken_.resize(size);
      for (size_t have = 0; have < size;) {
        const size_t got = read(std::span(taken_).subspan(have));
        if (got == 0) corrupt("a list ends too early");
        have += got;
      }
      return taken_;
    }
    block_at_ += size;
    return ByteView(block_).subspan(block_at_ - size, size);
  }
  // Of what was taken, in the stored stream.
  uint64_t offset() const { return at_ - (block_.size() - block_at_); }
  bool at_end() const { return offset() == end_; }

 private:
  const ReadStored& read_;
  uint64_t end_;
  uint64_t at_;          // behind the block
  Bytes block_, taken_;
  size_t block_at_ = 0;
};

// A record that is read a second time, as it waits for its turn.
struct LongRecord {
  uint64_t begin = 0;                        // in the stored stream
  uint64_t expiry_bytes = 0, head_bytes = 0, record_bytes = 0;
  uint64_t ranks_begin = 0, ranks_bytes = 0; // in the stored stream; none: its value is as it was
  uint8_t type = 0;
  ByteView use;

  Bytes encode() const {
    Encoder out;
    for (const uint64_t number : {begin, expiry_bytes, head_bytes, record_bytes, ranks_begin, ranks_bytes}) out.varint(number);
    out.u8(type);
    out.raw(use);
    return out.take();
  }
  static LongRecord decode(ByteView bytes) {
    Decoder in(bytes, "record");
    LongRecord out;
    for (uint64_t* number : {&out.begin, &out.expiry_bytes, &out.head_bytes, &out.record_bytes, &out.ranks_begin, &out.ranks_bytes})
      *number = in.varint();
    out.type = in.u8();
    out.use = in.raw(in.remaining());
    return out;
  }
};
// What stands before the bytes of a record in the sorter.
enum class Carried : uint8_t { kWhole, kLong };

// One rebuilding.
class RdbRebuild {
 public:
  RdbRebuild(const RdbRecipe& recipe, const ReadStored& read, const Write& write, size_t sort_memory_bytes)
      : recipe_(recipe), read_(read), write_(write), use_(read, recipe.use_begin(), recipe.use_bytes),
        ranks_(read, recipe.inner_begin(), recipe.inner_bytes), sorter_(sort_memory_bytes) {}

  void run() {
    walk();
    put_out();
  }

 private:
  OrderTable order() const;
  void walk();
  void add_key(const RdbKey& key, uint64_t position, ByteView use);
  void add_long(RdbReader& reader, uint64_t position, ByteView use);
  void add(uint64_t position, Carried kind, const std::array<ByteView, 4>& pieces);
  void put_out();
  void put_record(ByteView carried);
  void put_long(const LongRecord& record);
  void put(ByteView bytes);
  void flush();
  void pass(uint64_t begin, uint64_t size);
  ByteView take_use() { return recipe_.has_use ? use_.take(use_.take(1)[0]) : ByteView(); }

  const RdbRecipe& recipe_;
  const ReadStored& read_;
  const Write& write_;
  RegionCursor use_, ranks_;
  RecordSorter sorter_;
  InnerOrder inner_;
  RdbFlavor flavor_ = RdbFlavor::kRedis;
  uint64_t record_begin_ = 0;   // of the record at hand
  std::string name_;
  Bytes pending_;               // of the original
  Blake3 hash_;
  uint64_t written_bytes_ = 0;
};

OrderTable RdbRebuild::order() const {
  const Bytes list = fetch(read_, recipe_.order_begin(), recipe_.order_bytes());
  const Bytes exceptions = fetch(read_, recipe_.exceptions_begin(), recipe_.exception_bytes);
  return OrderTable(list, recipe_.width, decode_order_exceptions(exceptions, recipe_.exceptions, recipe_.records));
}

// ---- records in sorted order

void RdbRebuild::walk() {
  OrderTable table = order();
  RegionCursor records(read_, 0, recipe_.record_bytes);
  size_t header_at = 0;
  RdbReader reader([&](std::span<uint8_t> into) {
    if (header_at == recipe_.header.size()) return records.read(into);
    const size_t size = std::min(into.size(), recipe_.header.size() - header_at);
    std::copy_n(recipe_.header.begin() + static_cast<ptrdiff_t>(header_at), size, into.begin());
    header_at += size;
    return size;
  });
  if (reader.next() != RdbReader::Item::kOther || reader.bytes().size() != recipe_.header.size())
    corrupt("its recipe has no header of one");
  flavor_ = reader.flavor();
  for (const RdbRecipe::Database& database : recipe_.databases)
    for (uint64_t i = 0; i < database.records; ++i) {
      if (reader.next() != RdbReader::Item::kKey || !reader.key().use.empty()) corrupt("its stored bytes aren't records");
      redis_record_name(database.number, reader.key().name, name_);
      const uint64_t position = table.place(order_hash(name_));
      const ByteView use = take_use();
      if (reader.key().long_value) add_long(reader, position, use);
      else add_key(reader.key(), position, use);
    }
  if (record_begin_ != recipe_.record_bytes || !use_.at_end() || !ranks_.at_end())
    corrupt("its stored bytes are more than its recipe tells");
}

void RdbRebuild::add(uint64_t position, Carried kind, const std::array<ByteView, 4>& pieces) {
  std::array<char, 8> key;
  for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(position >> 8 * (key.size() - 1 - i));
  const auto first = static_cast<uint8_t>(kind);
  sorter_.add({key.data(), key.size()}, std::array<ByteView, 5>{ByteView(&first, 1), pieces[0], pieces[1], pieces[2], pieces[3]});
}

void RdbRebuild::add_key(const RdbKey& key, uint64_t position, ByteView use) {
  LongRecord record{.begin = record_begin_, .expiry_bytes = key.expiry.size(), .type = key.type, .use = use};
  record.head_bytes = key.expiry.size() + key.type_and_name.size();
  record.record_bytes = record.head_bytes + key.value.size();
  record.ranks_begin = ranks_.offset();
  record.ranks_bytes = inner_.ranks_bytes(flavor_, key.type, key.value);
  record_begin_ += record.record_bytes;
  const ByteView ranks = ranks_.take(static_cast<size_t>(record.ranks_bytes));
  if (record.record_bytes > kMostCarriedBytes) add(position, Carried::kLong, {record.encode()});
  else add(position, Carried::kWhole, {key.expiry, use, key.type_and_name, ranks.empty() ? key.value : inner_.unsort(key.value, ranks)});
}

void RdbRebuild::add_long(RdbReader& reader, uint64_t position, ByteView use) {
  const RdbKey& key = reader.key();
  LongRecord record{.begin = record_begin_, .expiry_bytes = key.expiry.size(), .type = key.type, .use = use};
  record.head_bytes = key.expiry.size() + key.type_and_name.size();
  uint64_t value_bytes = 0;
  bool gathers = InnerOrder::has_order(flavor_, key.type);
  Bytes value;
  for (ByteView piece = reader.value_piece(); !piece.empty(); piece = reader.value_piece()) {
    value_bytes += piece.size();
    gathers = gathers && value_bytes <= kMostInnerBytes;
    if (gathers) append_bytes(value, piece);
    else value = {};
  }
  if (!reader.problem().empty()) corrupt("a stored value breaks off");
  record.record_bytes = record.head_bytes + value_bytes;
  record_begin_ += record.record_bytes;
  record.ranks_begin = ranks_.offset();
  if (gathers) record.ranks_bytes = inner_.ranks_bytes(flavor_, key.type, value);
  ranks_.take(static_cast<size_t>(record.ranks_bytes));
  add(position, Carried::kLong, {record.encode()});
}

// ---- the original's order

void RdbRebuild::put_out() {
  uint64_t verbatim_at = recipe_.verbatim_begin();
  for (const RdbRecipe::Run& run : recipe_.layout) {
    for (uint64_t i = 0; i < run.records; ++i) {
      const RecordSorter::Record* const record = sorter_.next();
      if (record == nullptr) corrupt("records are missing");
      put_record(record->value);
    }
    pass(verbatim_at, run.verbatim_bytes);
    verbatim_at += run.verbatim_bytes;
  }
  flush();
  if (written_bytes_ != recipe_.original_bytes || hash_.finish() != recipe_.hash) corrupt("what was made isn't what was saved");
}

void RdbRebuild::put_record(ByteView carried) {
  const ByteView bytes = carried.subspan(1);
  if (carried.front() == static_cast<uint8_t>(Carried::kWhole)) put(bytes);
  else put_long(LongRecord::decode(bytes));
}

void RdbRebuild::put_long(const LongRecord& record) {
  pass(record.begin, record.expiry_bytes);
  put(record.use);
  pass(record.begin + record.expiry_bytes, record.head_bytes - record.expiry_bytes);
  const uint64_t value_begin = record.begin + record.head_bytes, value_bytes = record.record_bytes - record.head_bytes;
  if (record.ranks_bytes == 0) {
    pass(value_begin, value_bytes);
    return;
  }
  const Bytes value = fetch(read_, value_begin, value_bytes);
  const Bytes ranks = fetch(read_, record.ranks_begin, record.ranks_bytes);
  if (inner_.ranks_bytes(flavor_, record.type, value) != ranks.size()) corrupt("a stored value isn't the same twice");
  put(inner_.unsort(value, ranks));
}

// Stored bytes as they are.
void RdbRebuild::pass(uint64_t begin, uint64_t size) {
  uint64_t got = 0;
  if (size == 0) return;
  read_(begin, size, [&](ByteView bytes) {
    got += bytes.size();
    put(bytes);
  });
  if (got != size) corrupt("its stored bytes end too early");
}

void RdbRebuild::put(ByteView bytes) {
  if (pending_.size() + bytes.size() > kRebuiltPieceBytes) flush();
  if (bytes.size() < kRebuiltPieceBytes) {
    append_bytes(pending_, bytes);
    return;
  }
  hash_.update(bytes);
  written_bytes_ += bytes.size();
  write_(bytes);
}

void RdbRebuild::flush() {
  if (pending_.empty()) return;
  hash_.update(pending_);
  written_bytes_ += pending_.size();
  write_(pending_);
  pending_.clear();
}

class RdbRebuilder : public Rebuilder {
 public:
  RdbRebuilder(ByteView recipe, size_t sort_memory_bytes) : recipe_(decode_rdb_recipe(recipe)), sort_memory_bytes_(sort_memory_bytes) {}
  std::vector<OriginalFile> files() const override {
    OriginalFile file;
    file.size_bytes = recipe_.original_bytes;
    return {file};
  }
  void rebuild(size_t, const ReadStored& read, const Write& write) const override {
    RdbRebuild(recipe_, read, write, sort_memory_bytes_).run();
  }

 private:
  RdbRecipe recipe_;
  size_t sort_memory_bytes_;
};

}  // namespace

std::unique_ptr<const Rebuilder> make_rdb_rebuilder(ByteView recipe, size_t sort_memory_bytes) {
  return std::make_unique<const RdbRebuilder>(recipe, sort_memory_bytes);
}

}  // namespace cairn
