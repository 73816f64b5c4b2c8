// Documents sealed with AES-256-GCM as knot does it: nonce 12 | ciphertext | tag 16, under a raw key of 32 bytes.
//
// Stored unsealed, so that it deduplicates and has parts; the transform "aes-256-gcm" makes the same bytes again from nonce and key, which
// are in the recipe (sealed in the repository as the document itself is).   FORMAT.md, "Sealed documents".
//
// Memory:   some KiB: it is a stream.   Threads: one thread at a time.   Source: NIST SP 800-38D; OpenSSL's EVP.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ingest/parts/parted_source.h"
#include "ingest/parts/rebuilder.h"
#include "store/crypto/sodium.h"

namespace cairn {

inline constexpr std::string_view kSealedDocument = "aes-256-gcm";   // the transform's name

// 32 raw bytes, from a file (with or without a newline behind) or a variable's value.   kInvalidArgument: what it is and how long it must be.
Secret document_key_of_file(const std::string& path);
Secret document_key_of_text(std::string_view text, const std::string& what);

// True when `beginning` becomes the beginning of a JSON document under the key.   Requires: all of a stream of up to 128 bytes.
bool opens_as_document(const Secret& key, ByteView beginning);

// Opens the stream and reads `make(plain)` from it.  A tag that doesn't fit (a damaged file, another key): read() throws kCorrupt, so
// that nothing is recorded.  `read`: at least one byte unless the stream has ended.
using MakePlainSource = std::function<std::unique_ptr<PartedSource>(std::function<size_t(std::span<uint8_t>)> plain)>;
std::unique_ptr<PartedSource> make_sealed_document_source(std::function<size_t(std::span<uint8_t>)> read, const Secret& key, const MakePlainSource& make);

// Undoes the transform.  `recipe` must outlive it.   Errors: kCorrupt, kUnsupported.
std::unique_ptr<const Rebuilder> make_sealed_document_rebuilder(ByteView recipe);

// Seals a new document under a fresh nonce.
class DocumentSealer {
 public:
  DocumentSealer(const Secret& key, std::function<void(ByteView)> write);
  ~DocumentSealer();
  void write(ByteView plain);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
