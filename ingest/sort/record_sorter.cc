#include "ingest/sort/record_sorter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <exception>
#include <thread>
#include <vector>

#include "ingest/sort/spill_file.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kBlockBytes = SpillFile::kBlockBytes;
constexpr size_t kHeadBytes = 8;                  // of a record, at most: two lengths of up to 28 bits
constexpr size_t kMostWindowBlocks = 3;           // that a run is read by
constexpr size_t kMostCommonBytes = 1 << 10;      // of what all keys begin with
constexpr size_t kLeastArenaBytes = 128 << 10;
constexpr size_t kMostArenaBytes = size_t{3} << 30;   // offsets have 32 bits
constexpr size_t kFileBytes = 2 * kBlockBytes;    // what spilling needs besides an arena, halved
constexpr size_t kSmallGroup = 32;                // sorted by comparing keys
constexpr size_t kSmallRadix = 256;               // sorted by comparing chunks
constexpr size_t kFarBytes = 16 << 10;            // of keys too long for memory, compared at a time

// A record's bytes: varint of the key's length, of the value's, key, value.
uint8_t* put_length(uint8_t* out, size_t length) {
  for (; length >= 0x80; length >>= 7) *out++ = static_cast<uint8_t>(length | 0x80);
  *out++ = static_cast<uint8_t>(length);
  return out;
}
const uint8_t* get_length(const uint8_t* in, size_t& length) {
  length = *in & 0x7f;
  for (unsigned shift = 7; (*in++ & 0x80) != 0 && shift < 28; shift += 7) length |= size_t{*in & 0x7fU} << shift;
  return in;
}
size_t put_head(uint8_t* out, size_t key_bytes, size_t value_bytes) {
  return static_cast<size_t>(put_length(put_length(out, key_bytes), value_bytes) - out);
}

// The 8 bytes of a key from `depth` on, zeros behind its end, as a number that sorts as they do.
// Requires: 8 bytes can be read wherever the key ends.
uint64_t chunk_of(const uint8_t* key, size_t key_bytes, size_t depth) {
  if (key_bytes <= depth) return 0;
  uint64_t chunk;
  std::memcpy(&chunk, key + depth, sizeof chunk);
  chunk = __builtin_bswap64(chunk);
  const size_t left = key_bytes - depth;
  return left >= sizeof chunk ? chunk : chunk & ~(UINT64_MAX >> (8 * left));
}

struct Entry {
  uint64_t chunk;
  uint32_t offset;   // of the record; ascending as they were added
};

bool by_chunk(const Entry& a, const Entry& b) { return a.chunk != b.chunk ? a.chunk < b.chunk : a.offset < b.offset; }

// By chunk; what has the same stays in order, which is that of the offsets.
void sort_by_chunk(std::span<Entry> entries, Entry* scratch) {
  if (entries.size() < kSmallRadix) return std::sort(entries.begin(), entries.end(), by_chunk);
  std::array<std::array<uint32_t, 256>, 8> counts{};
  for (const Entry& entry : entries)
    for (unsigned byte = 0; byte < 8; ++byte) ++counts[byte][entry.chunk >> (8 * byte) & 0xff];
  Entry* from = entries.data();
  Entry* to = scratch;
  for (unsigned byte = 0; byte < 8; ++byte) {
    std::array<uint32_t, 256>& count = counts[byte];
    if (count[from->chunk >> (8 * byte) & 0xff] == entries.size()) continue;
    uint32_t begin = 0;
    for (uint32_t& n : count) begin += std::exchange(n, begin);
    for (const Entry *entry = from, *end = from + entries.size(); entry != end; ++entry)
      to[count[entry->chunk >> (8 * byte) & 0xff]++] = *entry;
    std::swap(from, to);
  }
  if (from != entries.data()) std::memcpy(entries.data(), from, entries.size_bytes());
}

// Records in memory, in one piece: their bytes from the front, what sorts them behind these.
class Arena {
 public:
  Arena() = default;
  explicit Arena(size_t size_bytes) : bytes_(size_bytes) {}

  // False when it doesn't fit.
  bool add(std::string_view key, ByteView value) {
    const size_t most = kHeadBytes + key.size() + value.size() + sizeof(Entry);   // with what aligns the entries
    if (used_ + most + (count_ + 1) * 2 * sizeof(Entry) > bytes_.size()) return false;
    uint8_t* out = bytes_.data() + used_;
    out += put_head(out, key.size(), value.size());
    if (!key.empty()) std::memcpy(out, key.data(), key.size());
    if (!value.empty()) std::memcpy(out + key.size(), value.data(), value.size());
    used_ = static_cast<size_t>(out - bytes_.data()) + key.size() + value.size();
    ++count_;
    return true;
  }
  bool empty() const { return count_ == 0; }
  size_t size_bytes() const { return bytes_.size(); }
  void clear() { used_ = count_ = 0; }

  // Requires: all keys have the first `depth` bytes in common.
  void sort(size_t depth);
  // Requires: sorted, and nothing added since.
  std::span<const Entry> sorted() const { return {entries(), count_}; }
  const uint8_t* record(const Entry& entry) const { return bytes_.data() + entry.offset; }
  size_t record_bytes(const uint8_t* record) const {
    size_t key_bytes, value_bytes;
    const uint8_t* key = get_length(get_length(record, key_bytes), value_bytes);
    return static_cast<size_t>(key - record) + key_bytes + value_bytes;
  }

 private:
  struct Key {
    const uint8_t* bytes;
    size_t size;
  };
  struct Group {
    uint32_t begin, end;   // entries with the same bytes before `depth`
    size_t depth;
  };
  Key key(const Entry& entry) const {
    Key found;
    size_t value_bytes;
    found.bytes = get_length(get_length(record(entry), found.size), value_bytes);
    return found;
  }
  Entry* entries() const {
    const size_t at = (used_ + alignof(Entry) - 1) / alignof(Entry) * alignof(Entry);
    return reinterpret_cast<Entry*>(const_cast<uint8_t*>(bytes_.data()) + at);
  }
  void sort_small(std::span<Entry> group, size_t depth) const;
  void settle(Group group);
  size_t common(std::span<const Entry> group, size_t depth) const;

  Buffer bytes_;
  size_t used_ = 0, count_ = 0;
  std::vector<Group> open_;   // what sort() has yet to do
};

void Arena::sort(size_t depth) {
  Entry* const all = entries();
  const uint8_t* at = bytes_.data();
  for (size_t i = 0; i < count_; ++i) {
    size_t key_bytes, value_bytes;
    const uint8_t* key = get_length(get_length(at, key_bytes), value_bytes);
    all[i] = {chunk_of(key, key_bytes, depth), static_cast<uint32_t>(at - bytes_.data())};
    at = key + key_bytes + value_bytes;
  }
  open_.push_back({0, static_cast<uint32_t>(count_), depth});
  for (bool first = true; !open_.empty(); first = false) {
    const Group group = open_.back();
    open_.pop_back();
    std::span<Entry> entries(all + group.begin, all + group.end);
    for (Entry& entry : first ? std::span<Entry>() : entries) {
      const Key found = key(entry);
      entry.chunk = chunk_of(found.bytes, found.size, group.depth);
    }
    sort_by_chunk(entries, all + count_);
    for (uint32_t begin = group.begin, end = begin; begin < group.end; begin = end) {
      for (end = begin + 1; end < group.end && all[end].chunk == all[begin].chunk;) ++end;
      if (end - begin > 1) settle({begin, end, group.depth});
    }
  }
}

void Arena::sort_small(std::span<Entry> group, size_t depth) const {
  std::sort(group.begin(), group.end(), [&](const Entry& a, const Entry& b) {
    const Key left = key(a), right = key(b);
    const size_t both = std::min(left.size, right.size);
    const int order = both > depth ? std::memcmp(left.bytes + depth, right.bytes + depth, both - depth) : 0;
    if (order != 0) return order < 0;
    return left.size != right.size ? left.size < right.size : a.offset < b.offset;
  });
}

// The length of what keys longer than `depth` have in common.   Requires: they have `depth` bytes in common.
size_t Arena::common(std::span<const Entry> group, size_t depth) const {
  const Key first = key(group.front());
  size_t length = first.size;
  for (const Entry& entry : group.subspan(1)) {
    const Key other = key(entry);
    const uint8_t* end = first.bytes + std::min(length, other.size);
    length = static_cast<size_t>(std::mismatch(first.bytes + depth, end, other.bytes + depth).first - first.bytes);
  }
  return length;
}

// Brings a group of equal chunks in order, or leaves for later what needs another chunk.
void Arena::settle(Group group) {
  std::span<Entry> entries(this->entries() + group.begin, this->entries() + group.end);
  if (entries.size() <= kSmallGroup) return sort_small(entries, group.depth);
  // Keys that end within the chunk differ in length alone, and come before those that go on.
  for (Entry& entry : entries) {
    const size_t size = key(entry).size;
    entry.chunk = size <= group.depth + sizeof entry.chunk ? size : UINT64_MAX;
  }
  sort_by_chunk(entries, this->entries() + count_);
  const auto longer = std::ranges::lower_bound(entries, UINT64_MAX, {}, &Entry::chunk);
  group.begin += static_cast<uint32_t>(longer - entries.begin());
  entries = entries.subspan(static_cast<size_t>(longer - entries.begin()));
  if (entries.size() <= kSmallGroup) return sort_small(entries, group.depth);
  group.depth = common(entries, group.depth + sizeof(uint64_t));
  open_.push_back(group);
}

// Sorted records in the file.
struct Run {
  uint64_t begin, end;
};

// Writes runs that begin at blocks, so that no block is opened twice.
class RunWriter {
 public:
  explicit RunWriter(SpillFile& file) : file_(file), begin_(file.size_bytes()), block_(kBlockBytes) {}
  void put(ByteView bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
      const size_t taken = std::min(bytes.size(), kBlockBytes - filled_);
      std::memcpy(block_.data() + filled_, bytes.data(), taken);
      bytes = bytes.subspan(taken);
      filled_ += taken;
      if (filled_ == kBlockBytes) flush();
    }
  }
  Run finish() {
    if (filled_ > 0) std::memset(block_.data() + filled_, 0, kBlockBytes - filled_), flush();
    return {begin_, begin_ + size_};
  }

 private:
  void flush() {
    file_.append(block_);
    filled_ = 0;
  }
  SpillFile& file_;
  uint64_t begin_, size_ = 0;
  Buffer block_;
  size_t filled_ = 0;
};

Run write_run(const Arena& arena, SpillFile& file) {
  constexpr size_t kAhead = 16;   // the records lie about in memory: asked for early
  RunWriter out(file);
  const std::span<const Entry> sorted = arena.sorted();
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i + kAhead < sorted.size()) {
      const uint8_t* ahead = arena.record(sorted[i + kAhead]);
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + 64);
    }
    const uint8_t* record = arena.record(sorted[i]);
    out.put({record, arena.record_bytes(record)});
  }
  return out.finish();
}

// Gives the records of a run, or of an arena, one after another.  Of a record longer than a block memory has only the beginning.
class Source {
 public:
  explicit Source(const Arena& arena) : arena_(&arena), entries_(arena.sorted()) {}
  Source(const SpillFile& file, Run run, size_t window_blocks)
      : file_(&file), file_at_(run.begin), run_end_(run.end), window_((1 + window_blocks) * kBlockBytes + sizeof(uint64_t)) {}

  // Goes to the next record; false at the end.
  bool advance() { return arena_ != nullptr ? advance_arena() : advance_file(); }
  ByteView key_here() const { return {key_, std::min(key_bytes_, here_)}; }
  size_t key_bytes() const { return key_bytes_; }
  // Of the whole record; `spare` is for what memory doesn't have.
  RecordSorter::Record record(Buffer& spare) const;
  // Bytes of the key, from the file if need be.
  void read_key(size_t begin, std::span<uint8_t> into) const {
    if (begin + into.size() <= here_) std::memcpy(into.data(), key_ + begin, into.size());
    else file_->read(key_at_ + begin, into);
  }

 private:
  bool advance_arena() {
    if (entries_.empty()) return false;
    if (entries_.size() > kAhead) __builtin_prefetch(arena_->record(entries_[kAhead]));
    take_head(arena_->record(entries_.front()));
    here_ = key_bytes_ + value_bytes_;
    entries_ = entries_.subspan(1);
    return true;
  }
  bool advance_file();
  const uint8_t* take_head(const uint8_t* record) {
    return key_ = get_length(get_length(record, key_bytes_), value_bytes_);
  }
  void refill();

  static constexpr size_t kAhead = 8;
  const Arena* arena_ = nullptr;
  std::span<const Entry> entries_;          // that are left
  const SpillFile* file_ = nullptr;
  uint64_t file_at_ = 0, run_end_ = 0;      // the window's end in the file; the run's
  Buffer window_;                           // a block for what is left over when it is filled, and as many blocks as fit
  size_t at_ = 0, end_ = 0;                 // in the window
  const uint8_t* key_ = nullptr;
  size_t key_bytes_ = 0, value_bytes_ = 0;
  size_t here_ = 0;                         // bytes of key and value in memory
  uint64_t key_at_ = 0;                     // in the file, of a record that isn't all here
};

void Source::refill() {
  const size_t kept = end_ - at_;
  assert(kept <= kBlockBytes);
  std::memmove(window_.data() + kBlockBytes - kept, window_.data() + at_, kept);
  at_ = kBlockBytes - kept;
  // The file goes on behind the run up to a whole block.
  const uint64_t left = (run_end_ - file_at_ + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  const size_t room = window_.size() - sizeof(uint64_t) - kBlockBytes;
  const size_t more = static_cast<size_t>(std::min<uint64_t>(left, room));
  file_->read(file_at_, window_.span().subspan(kBlockBytes, more));
  file_at_ += more;
  end_ = kBlockBytes + more;
}

bool Source::advance_file() {
  const uint64_t begin = file_at_ - (end_ - at_);   // of the record, in the file
  if (begin >= run_end_) return false;
  if (begin > file_at_) {   // behind a long one
    file_at_ = begin / kBlockBytes * kBlockBytes;
    at_ = end_ = 0;
    refill();
    at_ += begin % kBlockBytes;
  }
  for (bool again = true;; again = false) {
    const size_t have = end_ - at_;
    if (have >= kHeadBytes || file_at_ >= run_end_) {
      take_head(window_.data() + at_);
      const size_t head = static_cast<size_t>(key_ - window_.data()) - at_;
      const size_t size = head + key_bytes_ + value_bytes_;
      if (size > run_end_ - begin) throw Error(ErrorCode::kCorrupt, "temporary file: a record is longer than what was written");
      if (size <= have || have > kBlockBytes || !again) {
        here_ = std::min(size, have) - head;
        key_at_ = begin + head;
        at_ += size;   // beyond the window's end when the record isn't all here
        return true;
      }
    }
    refill();
  }
}

RecordSorter::Record Source::record(Buffer& spare) const {
  const uint8_t* key = key_;
  if (here_ < key_bytes_ + value_bytes_) {
    if (spare.size() < key_bytes_ + value_bytes_) spare = Buffer(), spare = Buffer(key_bytes_ + value_bytes_);
    file_->read(key_at_, spare.span().first(key_bytes_ + value_bytes_));
    key = spare.data();
  }
  return {text({key, key_bytes_}), {key + key_bytes_, value_bytes_}};
}

// Whether a's key is less than b's (< 0), or greater, or the same; the first `same` bytes are.
int compare_far(const Source& a, const Source& b, size_t same) {
  std::array<uint8_t, kFarBytes> left, right;
  const size_t both = std::min(a.key_bytes(), b.key_bytes());
  for (size_t at = same; at < both;) {
    const size_t piece = std::min(both - at, kFarBytes);
    a.read_key(at, std::span(left).first(piece));
    b.read_key(at, std::span(right).first(piece));
    const int order = std::memcmp(left.data(), right.data(), piece);
    if (order != 0) return order;
    at += piece;
  }
  return a.key_bytes() < b.key_bytes() ? -1 : a.key_bytes() > b.key_bytes();
}

int compare(const Source& a, const Source& b) {
  const ByteView left = a.key_here(), right = b.key_here();
  const size_t both = std::min(left.size(), right.size());
  const int order = both > 0 ? std::memcmp(left.data(), right.data(), both) : 0;
  return order != 0 ? order : compare_far(a, b, both);
}

// A loser tree: each inner node has the loser of the match between what won beneath it; the winner of all is on top.
class Merge {
 public:
  // Requires: sources, in the order their records were added; keys have the first `depth` bytes in common.
  void start(std::vector<Source> sources, size_t depth) {
    sources_ = std::move(sources);
    depth_ = depth;
    tree_.resize(sources_.size());
    tree_[0] = play(1);
  }
  // The source of the next record; nullptr at the end.
  Source* next() {
    if (begun_) {
      Player winner = load(tree_[0].source);
      for (size_t node = (winner.source + tree_.size()) / 2; node > 0; node /= 2)
        if (before(tree_[node], winner)) std::swap(tree_[node], winner);
      tree_[0] = winner;
    }
    begun_ = true;
    return tree_[0].ended ? nullptr : &sources_[tree_[0].source];
  }

 private:
  struct Player {
    uint64_t chunk = 0;    // of the key, beyond what all have in common; the largest at the end
    uint32_t source = 0;
    bool ended = false;
  };
  Player load(uint32_t source) {
    Source& from = sources_[source];
    if (!from.advance()) return {UINT64_MAX, source, true};
    return {chunk_of(from.key_here().data(), from.key_bytes(), depth_), source, false};
  }
  Player play(size_t node) {
    if (node >= tree_.size()) return load(static_cast<uint32_t>(node - tree_.size()));
    Player winner = play(2 * node), loser = play(2 * node + 1);
    if (before(loser, winner)) std::swap(winner, loser);
    tree_[node] = loser;
    return winner;
  }
  bool before(const Player& a, const Player& b) const { return a.chunk != b.chunk ? a.chunk < b.chunk : before_far(a, b); }
  bool before_far(const Player& a, const Player& b) const {
    if (a.ended || b.ended) return !a.ended;
    const int order = compare(sources_[a.source], sources_[b.source]);
    return order != 0 ? order < 0 : a.source < b.source;
  }

  std::vector<Source> sources_;
  std::vector<Player> tree_;
  size_t depth_ = 0;
  bool begun_ = false;
};

}  // namespace

struct RecordSorter::State {
  State(size_t memory_bytes, std::string directory)
      : memory(memory_bytes), arena_bytes(std::clamp(memory_bytes / 2 - std::min(memory_bytes / 2, kFileBytes), kLeastArenaBytes,
                                                     kMostArenaBytes)),
        file(directory.empty() ? spill_directory() : std::move(directory)) {}
  State(const State&) = delete;

  void add(std::string_view key, ByteView value) {
    note_common(key);
    if (filling.add(key, value)) return;
    spill();
    if (filling.add(key, value)) return;
    // Larger than an arena: a run of its own.
    wait();
    uint8_t head[kHeadBytes];
    RunWriter out(file);
    out.put({head, put_head(head, key.size(), value.size())});
    out.put(view(key));
    out.put(value);
    runs.push_back(out.finish());
  }

  void note_common(std::string_view key) {
    if (count++ == 0) common = key.substr(0, kMostCommonBytes);
    else if (!key.starts_with(common)) common.resize(static_cast<size_t>(std::ranges::mismatch(common, key).in1 - common.begin()));
  }

  // Gives the full arena away to be sorted and written, and goes on with an empty one.  Rather than wait for the one before it sorts.
  void spill() {
    const bool sorted = writing;
    if (sorted) filling.sort(common.size());
    wait();
    std::swap(filling, spilling);
    if (filling.size_bytes() == 0) filling = Arena(arena_bytes);
    if (spilling.empty()) return;
    writing = true;
    spiller = std::jthread([this, sorted, depth = common.size()] {
      try {
        if (!sorted) spilling.sort(depth);
        runs.push_back(write_run(spilling, file));
        spilling.clear();
      } catch (...) {
        failure = std::current_exception();
      }
      writing = false;
    });
  }

  // Until nothing is being spilled.  Throws what went wrong, now and each time after.
  void wait() {
    if (spiller.joinable()) spiller.join();
    if (failure) std::rethrow_exception(failure);
  }

  // Throws what went wrong, now and each time after.
  void start() {
    wait();
    try {
      spilling = Arena();
      filling.sort(common.size());
      const size_t share = memory / 2 / std::max<size_t>(runs.size(), 1) / kBlockBytes;
      const size_t window = std::clamp<size_t>(share, 2, 1 + kMostWindowBlocks) - 1;
      std::vector<Source> sources;
      for (const Run& run : runs) sources.emplace_back(file, run, window);
      sources.emplace_back(filling);
      merge.start(std::move(sources), common.size());
      started = true;
    } catch (...) {
      failure = std::current_exception();
      throw;
    }
  }

  const size_t memory, arena_bytes;
  SpillFile file;
  Arena filling, spilling;
  std::string common;             // what all keys begin with
  uint64_t count = 0;
  std::vector<Run> runs;          // the spiller's while it runs, as are `spilling` and `failure`
  std::exception_ptr failure;
  std::atomic<bool> writing = false;   // whether it runs
  bool started = false;
  Merge merge;
  Record record;
  Buffer spare;
  std::jthread spiller;           // last: joins before the rest goes
};

RecordSorter::RecordSorter(size_t memory_bytes, std::string directory)
    : state_(std::make_unique<State>(memory_bytes, std::move(directory))) {}
RecordSorter::~RecordSorter() = default;
RecordSorter::RecordSorter(RecordSorter&&) noexcept = default;
RecordSorter& RecordSorter::operator=(RecordSorter&&) noexcept = default;

void RecordSorter::add(std::string_view key, ByteView value) {
  assert(!state_->started);
  if (key.size() > kMostRecordBytes || value.size() > kMostRecordBytes - key.size())
    throw Error(ErrorCode::kInvalidArgument, "sorting: a record of " + std::to_string(key.size() + value.size()) + " bytes, at most " +
                                                 std::to_string(kMostRecordBytes));
  state_->add(key, value);
}

uint64_t RecordSorter::count() const { return state_->count; }

const RecordSorter::Record* RecordSorter::next() {
  if (!state_->started) state_->start();
  const Source* source = state_->merge.next();
  if (source == nullptr) return nullptr;
  state_->record = source->record(state_->spare);
  return &state_->record;
}

}  // namespace cairn
