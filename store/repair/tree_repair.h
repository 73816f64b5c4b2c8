// Walks trees and writes them anew without what can't be had.
//
// Used twice: without a session it finds out what is lost, and which tree would be left; with one it stores that tree.
// Threads:  one thread at a time.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "store/check/pack_scan.h"
#include "store/read/chunk_reader.h"
#include "store/repair/repair_snapshots.h"
#include "store/write/write_session.h"

namespace cairn {

class TreeRepair {
 public:
  // `lost`: chunks that a reading of all data found bad; doubtful ones are read again before they count as lost.
  // All must outlive this.
  TreeRepair(Repository& repository, const LostChunks& lost, CheckProgress& progress);

  // From now on what is kept is stored; `session` must outlive this.
  void write_into(WriteSession& session);

  // The snapshot without what is lost: components, root, sizes and completeness are those of what is kept.
  // nullopt when nothing can be kept.  told.loss_count is 0 when nothing is lost: then `manifest` comes back as it is.
  std::optional<Manifest> repair(const Manifest& manifest, RepairedSnapshot& told);
  // Something was called lost that may only have been out of reach (not corrupt and not missing, but an error of the storage).
  bool unsure() const { return unsure_; }

 private:
  // A directory that was walked.
  struct Kept {
    ChunkId id;
    uint64_t size_bytes = 0, file_count = 0;
    bool whole = true;
  };
  std::optional<Kept> directory(const ChunkId& id, const std::string& path);
  bool entries(const ChunkId& id, const std::string& path, const std::function<void(Entry&)>& visit);
  bool leaves(const ChunkId& id, const std::string& path, int level, const std::function<void(Entry&)>& visit);
  bool keeps(Entry& entry, const std::string& path, bool& whole);
  bool keeps_component(ComponentInfo& info, const Entry& entry);
  std::string why_not(const Content& content);
  std::string why_not(const ChunkId& id);
  std::string why_not_parts(const ComponentInfo& info, const Entry& entry);
  Buffer object(const ChunkId& id);
  ChunkId put(ByteView object);
  void bring(const ChunkId& id, ByteView bytes);
  void flush();
  std::string reason(const Error& e);
  void lose(const std::string& path, const std::string& why);

  Repository& repository_;
  const Index& index_;
  const LostChunks& lost_;
  CheckProgress& progress_;
  ChunkReader reader_;
  WriteSession* session_ = nullptr;
  std::optional<FrameBuilder> builder_;
  PutObject put_;
  GetObject get_;
  RepairedSnapshot* told_ = nullptr;                            // of the snapshot at hand
  std::unordered_set<ChunkId, IdHash> whole_;                   // directories, lists and catalogues
  std::unordered_map<ChunkId, std::string, IdHash> doubtful_;   // chunks that were read to find out: why not, "" when they are good
  std::vector<ChunkId> ids_;
  std::vector<uint8_t> usable_;
  bool unsure_ = false;
  bool write_failed_ = false;   // what is thrown comes from storing, not from what is being read
};

}  // namespace cairn
