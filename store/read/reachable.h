// Everything that snapshots need, each thing once: a bit for each chunk that is reachable, where the index says it is.
//
// What several snapshots share is walked once: the bit of a tree object says that all beneath it was seen.  Objects whose references are known already
// aren't read, and what is read is learned.
// Memory:   a bit for each chunk of the packs that are needed (2 MB for a TiB of 64 KiB chunks), some thousand ids on their way, and,
//           once nothing more can be learned, 16 MB of ids met lately.
// Threads:  one thread at a time; objects are read on as many as the reader has.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <mutex>

#include "store/cache/known_references.h"
#include "store/read/bulk_reader.h"
#include "store/snapshot/manifest.h"
#include "store/tree/references.h"

namespace cairn {

class Reachable {
 public:
  // All of these must outlive this.  The index must not be refreshed meanwhile.
  Reachable(const Index& index, BulkReader& reader, KnownReferences* known = nullptr)
      : index_(index), reader_(reader), known_(known), lanes_(reader.lanes()) {}

  // Called now and then; may throw to stop.
  std::function<void()> check_interrupted = [] {};
  // Chunks that are in no pack that may be relied on count as missing.
  bool only_usable = false;

  // Marks what snapshots need.  kCorrupt, kNotFound: something is missing or can't be read; then everything seen so far is marked, and
  // a snapshot that shares with these may wrongly seem whole: ask for the good ones first.
  void add(std::span<const Manifest> snapshots);
  void add(const Manifest& snapshot) { add({&snapshot, 1}); }
  // The bases of delta frames in packs that are needed, and theirs.
  void add_bases();

  // Of the frames with objects that weren't read, for they were known, one of this many is read by recheck(): those whose turn it is.
  static constexpr uint64_t kTurns = 64;
  uint64_t turn = 0;
  // False when an object refers to something else than was known of it: then nothing that was marked counts.  Errors: those of add().
  bool recheck();
  // By their numbers in what is known: those that are needed.
  const std::vector<bool>& needed_known() const { return walked_; }

  struct PackUse {
    std::vector<bool> chunks;       // by their place in the pack's chunk list
    std::vector<bool> objects;      // those of them that were read as objects; may be empty
    uint64_t live_bytes = 0;        // plaintext
  };
  // By pack number, those with at least one bit.
  const std::map<uint32_t, PackUse>& packs() const { return packs_; }
  uint64_t objects() const { return objects_; }

 private:
  PackUse& mark(const Location& at);
  bool mark_object(const Location& at);
  std::vector<Location> locate(std::span<const ChunkId> ids) const;
  void mark_chunks();
  void mark_found();
  void visit(std::span<const ChunkId> batch, std::vector<ChunkId>& more);
  bool find_known(const ChunkId& object, std::vector<ChunkId>& unknown);
  void walk(KnownReferences::Number object, std::vector<ChunkId>& unknown);
  void fit_to_known();
  void forget_what_was_found();
  [[noreturn]] void fail_missing(const ChunkId& id) const;
  // What the objects of one of the reader's lanes refer to.
  struct Lane {
    References of_object;
    // To be learned together: one at a time can, and the lanes would wait for each other.
    struct Unlearned {
      ChunkId id;
      size_t objects = 0, chunks = 0;   // that many of the next ones in `references`
    };
    std::vector<Unlearned> unlearned;
    std::vector<ChunkId> references;
    std::vector<KnownReferences::Number> learned;
    // Where nothing can be learned: met lately, four in each place that their bytes say: most of a changed directory is as it was.  Half an id
    // is enough to tell one from another (two of 2^40 are alike with probability 2^-49).
    std::vector<std::array<std::array<uint64_t, 2>, 4>> seen;
    References fresh;               // not seen before, to be marked
    uint64_t not_learned = 0;
    bool met(const ChunkId& id, bool as_object);
  };
  void collect(Lane& lane, ByteView object, const ChunkId& id);
  void learn(Lane& lane);
  void meet(Lane& lane, std::span<const ChunkId> objects, std::span<const ChunkId> chunks) const;
  const Index& index_;
  BulkReader& reader_;
  KnownReferences* known_;
  std::mutex learning_;             // guards *known_ while objects are read
  std::vector<bool> seen_, walked_; // by number in *known_: marked or in found_; objects whose references are seen, or that wait to be read
  std::vector<KnownReferences::Number> found_;   // waiting to be looked up together
  std::vector<PlacedChunk> to_recheck_;
  std::map<uint32_t, PackUse> packs_;
  std::vector<ChunkId> chunks_;     // waiting to be looked up together
  std::vector<Lane> lanes_;
  uint64_t objects_ = 0;
  bool failed_ = false;             // the last add() did not come to its end
};

}  // namespace cairn
