// One writer's visit: announces itself, takes new chunks, makes them durable in the right order, and ends with a snapshot or nothing.
//
// Order (reliability first):  lease → newest gc list → listings and index → packs → index segments → lease checked → snapshot.
// Nothing counts until commit() returns; without it only unreferenced packs stay behind, which the next session uses.
// A prune may run meanwhile: commit() then makes sure that all the snapshot rests on is still there (store/gc/write_protocol.h).
//
// Threads:  claim_new, builders and put_object as their comments say; the rest by one thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <unordered_set>

#include "store/gc/write_protocol.h"
#include "store/read/chunk_reader.h"
#include "store/repository.h"
#include "store/write/claims.h"
#include "store/write/frame_builder.h"
#include "store/write/writer_store.h"

namespace cairn {

class WriteSession {
 public:
  // kWrongKey when the key may not write.  `repository` must outlive this.
  explicit WriteSession(Repository& repository);
  ~WriteSession();

  // fresh[i] = 1 when ids[i] is not in the repository and nobody in this session has claimed it: the caller must bring its bytes to
  // a builder.  Thread-safe.
  void claim_new(std::span<const ChunkId> ids, std::vector<uint8_t>& fresh);
  // usable[i] = 1 when a snapshot may rely on ids[i] without bringing it.  Thread-safe.
  void usable(std::span<const ChunkId> ids, std::vector<uint8_t>& usable) const;

  // A builder of data frames for one worker; `policy` may be changed later.
  FrameBuilder make_builder(FramePolicy policy) { return FrameBuilder(*data_packs_, policy); }

  // Reads what earlier sessions stored; for one worker.
  ChunkReader make_reader(size_t cache_bytes) const;

  // Stores a tree object unless it is there; returns its id.  One thread at a time.
  ChunkId put_object(ByteView object);

  // Everything durable, then the snapshot.  Fills id, author, lease, generation and stored bytes of `manifest`.
  // Requires: all builders are flushed.   Errors: Overtaken when a prune took what it rests on: no snapshot, another session will do.
  // kLocked when a prune took this session for dead: then there is no snapshot that counts.
  void commit(Manifest& manifest);
  // After an interruption: finishes what is in packs, so that the next run finds it.  Requires: no builder is in use.
  void keep_packs();

  // gc list, packs, index, snapshots and notes as they were when the session began, or was overtaken.
  const FolderListing& seen() const { return store_.look(); }
  uint64_t stored_bytes() const { return stored_bytes_; }  // of files written so far
  uint64_t generation() const { return protocol_->view().generation; }

 private:
  void pack_done(PackInfo pack);
  void write_segment();
  void put_segment(std::span<const PackInfo> packs);
  void put_adopted_into_segment();
  bool still_there(const GcView& view, const Manifest& manifest);
  Repository& repository_;
  WriterStore store_;
  std::optional<WriteProtocol> protocol_;
  Suite suite_ = Suite::kXChaCha20Poly1305;       // of new packs
  Index* index_ = nullptr;
  Claims claims_;
  mutable std::mutex relied_mu_;
  mutable std::unordered_set<uint32_t> relied_numbers_;             // guarded by relied_mu_; of packs in the index, as numbered in relied_epoch_
  mutable uint64_t relied_epoch_ = 0;                               // guarded by relied_mu_
  mutable std::unordered_set<PackId, IdHash> relied_;               // guarded by relied_mu_; packs this snapshot rests on, found or written
  std::mutex mu_;
  std::vector<PackInfo> finished_;     // guarded by mu_; in no segment yet
  size_t finished_chunks_ = 0;         // guarded by mu_
  std::atomic<uint64_t> stored_bytes_{0};
  std::unique_ptr<PackSet> data_packs_, tree_packs_;
  std::optional<FrameBuilder> tree_builder_;
};

}  // namespace cairn
