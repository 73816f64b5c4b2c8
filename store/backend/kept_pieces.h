// Pieces of packs on the local disk, 256 KiB each: who wants a few directories of a large pack fetches little, who reads all of it is
// read ahead for by the backend.
//
// Memory:   the 16 pieces used last.
// Threads:  thread-safe; who wants a piece somebody is fetching already waits for it.
#pragma once

#include <array>
#include <list>
#include <mutex>
#include <span>
#include <string>

#include "store/backend/backend.h"
#include "store/backend/kept_files.h"

namespace cairn {

class KeptPieces {
 public:
  static constexpr uint64_t kPieceBytes = 256 << 10;
  KeptPieces(std::string folder, uint64_t most_bytes) : files_(std::move(folder), most_bytes) {}

  // As Backend::read_kept; what isn't kept comes from `inner`.
  Buffer read(Backend& inner, std::string_view name, uint64_t file_bytes, uint64_t offset, uint64_t length);
  // True when any piece was kept.
  bool drop(std::string_view name, uint64_t most_file_bytes);
  // `bytes`: the whole piece.
  void save(std::string_view name, uint64_t piece, ByteView bytes) { files_.save(leaf(name, piece), bytes); }

 private:
  struct Piece {
    std::string leaf;
    Buffer bytes;
  };
  static std::string leaf(std::string_view name, uint64_t piece);
  void copy(Backend& inner, std::string_view name, uint64_t file_bytes, uint64_t offset, std::span<uint8_t> out);
  bool copy_recent(const std::string& leaf, uint64_t offset, std::span<uint8_t> out);
  KeptFiles files_;
  std::array<std::mutex, 16> fetching_;                      // by the piece's name
  std::mutex mu_;
  std::list<Piece> recent_;                                  // guarded by mu_; most recently used first
};

}  // namespace cairn
