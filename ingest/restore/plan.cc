#include "ingest/restore/plan.h"

#include <algorithm>
#include <optional>

namespace cairn {

std::vector<std::pair<uint32_t, ChunkId>> RestoreWindow::prepare(const Index& index) {
  std::vector<std::pair<uint32_t, ChunkId>> missing;
  std::vector<ChunkId> ids;
  std::vector<std::optional<Location>> places;
  constexpr size_t kBatch = 4096;   // keys of one question to the index
  for (size_t begin = 0; begin < pieces.size(); begin += kBatch) {
    size_t end = std::min(pieces.size(), begin + kBatch);
    ids.clear();
    for (size_t i = begin; i < end; ++i) ids.push_back(pieces[i].id);
    index.find_many(ids, places);
    for (size_t i = begin; i < end; ++i) {
      if (places[i - begin]) {
        pieces[i].at = *places[i - begin];
        continue;
      }
      if (!files[pieces[i].file].failed.exchange(true)) missing.emplace_back(pieces[i].file, pieces[i].id);
    }
  }
  std::erase_if(pieces, [&](const PlannedPiece& piece) { return files[piece.file].failed.load(); });
  // Within a frame in the order of the files, so that each file's pieces stand together.
  std::ranges::sort(pieces, [](const PlannedPiece& a, const PlannedPiece& b) {
    return std::tie(a.at.pack, a.at.frame, a.file, a.offset_bytes) < std::tie(b.at.pack, b.at.frame, b.file, b.offset_bytes);
  });
  for (size_t begin = 0; begin < pieces.size();) {
    size_t end = begin;
    uint32_t last_file = UINT32_MAX;
    for (; end < pieces.size() && pieces[end].at.pack == pieces[begin].at.pack && pieces[end].at.frame == pieces[begin].at.frame; ++end) {
      if (pieces[end].file != last_file) ++files[pieces[end].file].frames_left;
      last_file = pieces[end].file;
    }
    frames.push_back({begin, end});
    begin = end;
  }
  for (PlannedFile& file : files) file.in_pieces = file.in_pieces || file.continues || file.frames_left > 1;
  return missing;
}

}  // namespace cairn
