#include "ingest/diff/row_diff.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace cairn {

namespace {

constexpr uint64_t kRowsAPass = 2'000'000;   // hashes counted at a time, at some 50 bytes each

// A run of bytes by what it holds: the chunk, and which part of it.
uint64_t key_of(const ContentRun& run) {
  uint64_t key = run.length_bytes * 0x9e3779b97f4a7c15 ^ run.skip_bytes;
  if (run.ref.is_zeros()) return ~key;
  uint64_t prefix;
  std::memcpy(&prefix, run.ref.id.bytes.data(), sizeof prefix);
  return key ^ prefix;
}

void for_each_run(const Rows& rows, const std::function<void(const ContentRun&)>& visit) {
  ContentRuns runs(rows.reader.object_source(), rows.content);
  for (const Extent& extent : rows.extents) {
    runs.seek(extent.offset_bytes, extent.length_bytes);
    while (auto run = runs.next()) visit(*run);
  }
}

struct Shared {
  uint64_t key = 0;
  uint64_t times = 0;   // on both sides
};

// Runs that both sides have, with how often.
std::vector<Shared> shared_runs(std::vector<uint64_t> a, std::vector<uint64_t> b) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  std::vector<uint64_t> both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  std::vector<Shared> out;
  for (uint64_t key : both) {
    if (out.empty() || out.back().key != key) out.push_back({key, 0});
    ++out.back().times;
  }
  return out;
}

// Lines of one pass, as hashes: those of the first side count up, those of the second down.
class Lines {
 public:
  Lines(uint64_t passes, uint64_t pass) : passes_(passes), pass_(pass) {}

  void add(ByteView bytes, int64_t step) {
    for (uint8_t byte : bytes) {
      if (byte == '\n') end_line(step);
      else hash_ = (hash_ ^ byte) * 0x100000001b3, any_ = true;
    }
  }
  // Also where a shared run begins: what stands before it is half a line, as it is on the other side.
  void end_line(int64_t step) {
    uint64_t mixed = hash_ ^ hash_ >> 29;
    if (any_ && mixed % passes_ == pass_) count(mixed, step);
    hash_ = kBasis;
    any_ = false;
  }
  bool too_many() const { return counts_.size() > kRowsAPass; }
  void add_to(RowDiff& out) const {
    for (const auto& [hash, count] : counts_) (count > 0 ? out.removed : out.added) += static_cast<uint64_t>(count > 0 ? count : -count);
  }

 private:
  static constexpr uint64_t kBasis = 0xcbf29ce484222325;
  void count(uint64_t hash, int64_t step) {
    auto at = counts_.try_emplace(hash, 0).first;
    if ((at->second += step) == 0) counts_.erase(at);
  }
  uint64_t passes_, pass_;
  uint64_t hash_ = kBasis;
  bool any_ = false;
  std::unordered_map<uint64_t, int64_t> counts_;
};

// The lines of what isn't shared; stops when there are too many.
void add_lines(const Rows& rows, std::vector<Shared> shared, int64_t step, Lines& lines, Monitor& monitor) {
  for_each_run(rows, [&](const ContentRun& run) {
    monitor.check_interrupted();
    if (lines.too_many()) return;
    auto known = std::ranges::lower_bound(shared, key_of(run), {}, &Shared::key);
    if (known != shared.end() && known->key == key_of(run) && known->times > 0) {
      --known->times;
      lines.end_line(step);
    } else if (!run.ref.is_zeros()) {
      lines.add(bytes_of(rows.reader, run), step);
    }
  });
  lines.end_line(step);
}

// In so many passes; nothing when one of them would have counted too many lines.
std::optional<RowDiff> count_lines(const Rows& before, const Rows& after, const std::vector<Shared>& shared, uint64_t passes,
                                   Monitor& monitor) {
  RowDiff out;
  for (uint64_t pass = 0; pass < passes; ++pass) {
    Lines lines(passes, pass);
    add_lines(before, shared, 1, lines, monitor);
    add_lines(after, shared, -1, lines, monitor);
    if (lines.too_many()) return std::nullopt;
    lines.add_to(out);
  }
  return out;
}

}  // namespace

RowDiff diff_rows(const Rows& before, const Rows& after, Monitor& monitor) {
  std::vector<uint64_t> keys_before, keys_after;
  for_each_run(before, [&](const ContentRun& run) { keys_before.push_back(key_of(run)); });
  for_each_run(after, [&](const ContentRun& run) { keys_after.push_back(key_of(run)); });
  if (keys_before == keys_after) return {};
  const std::vector<Shared> shared = shared_runs(std::move(keys_before), std::move(keys_after));
  for (uint64_t passes = 1;; passes *= 4)
    if (auto out = count_lines(before, after, shared, passes, monitor)) return *out;
}

}  // namespace cairn
