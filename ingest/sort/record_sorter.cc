#include "ingest/sort/record_sorter.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <exception>
#include <thread>
#include <vector>

#include "ingest/sort/record_arena.h"
#include "ingest/sort/record_merge.h"
#include "ingest/sort/record_runs.h"
#include "ingest/sort/spill_file.h"
#include "store/error.h"

namespace cairn {

using namespace sorting;   // NOLINT(google-build-using-namespace): its own parts

namespace {

constexpr size_t kMostWindowBlocks = 3;           // that a run is read by
constexpr size_t kMostCommonBytes = 1 << 10;      // of what all keys begin with
constexpr size_t kLeastArenaBytes = 128 << 10;
constexpr size_t kMostArenaBytes = size_t{3} << 30;   // offsets have 32 bits
constexpr size_t kFileBytes = 2 * kBlockBytes;    // what spilling needs besides an arena, halved

}  // namespace

struct RecordSorter::State {
  State(size_t memory_bytes, std::string directory)
      : memory(memory_bytes), arena_bytes(std::clamp(memory_bytes / 2 - std::min(memory_bytes / 2, kFileBytes), kLeastArenaBytes,
                                                     kMostArenaBytes)),
        file(directory.empty() ? spill_directory() : std::move(directory)) {}
  State(const State&) = delete;

  void add(std::string_view key, std::span<const ByteView> value, size_t value_bytes) {
    note_common(key);
    if (filling.add(key, value, value_bytes, common.size())) return;
    spill();
    if (filling.add(key, value, value_bytes, common.size())) return;
    // Larger than an arena: a run of its own.
    wait();
    uint8_t head[kHeadBytes];
    RunWriter out(file);
    out.put({head, put_head(head, key.size(), value_bytes)});
    out.put(view(key));
    for (const ByteView piece : value) out.put(piece);
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

void RecordSorter::add(std::string_view key, std::span<const ByteView> value) {
  assert(!state_->started);
  size_t value_bytes = 0;
  for (const ByteView piece : value) value_bytes += piece.size();
  if (key.size() > kMostRecordBytes || value_bytes > kMostRecordBytes - key.size())
    throw Error(ErrorCode::kInvalidArgument, "sorting: a record of " + std::to_string(key.size() + value_bytes) + " bytes, at most " +
                                                 std::to_string(kMostRecordBytes));
  state_->add(key, value, value_bytes);
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
