#include "store/read/bulk_reader.h"

#include <algorithm>
#include <tuple>

#include "store/parallel.h"

namespace cairn {

namespace {

// Below this a thread costs more than it saves.
constexpr size_t kLeastLocated = 128;   // about half a millisecond
constexpr size_t kLeastRead = 16;

auto place_of(const Location& at) { return std::tuple(at.pack, at.frame, at.offset_bytes); }

}  // namespace

BulkReader::BulkReader(Backend& backend, const Keyring& keys, const Index& index, size_t cache_bytes, size_t threads) : index_(index) {
  if (threads == 0) threads = processor_count();
  for (size_t i = 0; i < threads; ++i) readers_.push_back(std::make_unique<ChunkReader>(backend, keys, index, cache_bytes / threads));
}

void BulkReader::locate(std::span<const ChunkId> ids, std::vector<std::optional<Location>>& places) const {
  const size_t shares = std::clamp<size_t>(ids.size() / kLeastLocated, 1, readers_.size());
  if (shares == 1) return index_.find_many(ids, places);
  places.resize(ids.size());
  in_parallel(shares, [&](size_t share) {
    const size_t begin = ids.size() * share / shares, end = ids.size() * (share + 1) / shares;
    std::vector<std::optional<Location>> found;
    index_.find_many(ids.subspan(begin, end - begin), found);
    std::ranges::copy(found, places.begin() + static_cast<std::ptrdiff_t>(begin));
  });
}

void BulkReader::read(std::span<const PlacedChunk> wanted, const Visit& visit) {
  std::vector<std::vector<size_t>> shares(readers_.size());
  for (size_t i = 0; i < wanted.size(); ++i) shares[lane_of(wanted[i].at)].push_back(i);
  std::vector<Failure> failures(shares.size());
  auto work = [&](size_t reader) {
    std::ranges::sort(shares[reader], {}, [&](size_t i) { return place_of(wanted[i].at); });
    read_share(reader, shares[reader], wanted, visit, failures[reader]);
  };
  if (wanted.size() >= kLeastRead) in_parallel(shares.size(), work);
  else
    for (size_t reader = 0; reader < shares.size(); ++reader) work(reader);
  const Failure& first = *std::ranges::min_element(failures, {}, &Failure::number);
  if (first.error) std::rethrow_exception(first.error);
}

void BulkReader::read_share(size_t reader, std::span<const size_t> order, std::span<const PlacedChunk> wanted, const Visit& visit,
                            Failure& failure) {
  auto guarded = [&](size_t number, auto get) {
    try {
      visit(number, get());
    } catch (...) {
      if (number < failure.number) failure = {number, std::current_exception()};
    }
  };
  std::vector<PlacedChunk> of_frame;
  std::vector<std::optional<ByteView>> found;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const Location& place = wanted[order[begin]].at;
    of_frame.clear();
    for (; end < order.size() && wanted[order[end]].at.pack == place.pack && wanted[order[end]].at.frame == place.frame; ++end)
      of_frame.push_back(wanted[order[end]]);
    readers_[reader]->chunks_of_frame(of_frame, found);
    for (size_t i = 0; i < of_frame.size(); ++i)
      if (found[i]) guarded(order[begin + i], [&] { return *found[i]; });
    for (size_t i = 0; i < of_frame.size(); ++i)   // only now: it may push the frame out
      if (!found[i]) guarded(order[begin + i], [&] { return readers_[reader]->chunk(of_frame[i].id, of_frame[i].at); });
  }
}

}  // namespace cairn
