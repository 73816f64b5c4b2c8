#include <algorithm>

#include "ingest/document/sealed_document.h"
#include "ingest/document/sealed_recipe.h"
#include "store/coding.h"

namespace cairn {

namespace {

constexpr uint64_t kVersion = 1;
constexpr std::string_view kWhat = "recipe of a sealed document";
constexpr size_t kMostRecipe = 128;   // of this version

[[noreturn]] void corrupt(const std::string& why) { throw Error(ErrorCode::kCorrupt, "sealed document: " + why); }

class SealedRebuilder : public Rebuilder {
 public:
  explicit SealedRebuilder(ByteView recipe) : recipe_(SealedRecipe::decode(recipe)) {}

  std::vector<OriginalFile> files() const override {
    OriginalFile file;
    file.size_bytes = recipe_.sealed_bytes;
    return {file};
  }

  void rebuild(size_t file, const ReadStored& read, const std::function<void(ByteView)>& write) const override {
    if (file != 0) throw Error(ErrorCode::kInvalidArgument, "sealed document: it has no file number " + std::to_string(file));
    AesGcm seal(AesGcm::Direction::kSeal, recipe_.key, recipe_.nonce);
    Blake3 hash;
    const auto put = [&](ByteView bytes) {
      hash.update(bytes);
      write(bytes);
    };
    put(recipe_.nonce);
    Bytes piece;
    uint64_t left = recipe_.plain_bytes();
    read(0, left, [&](ByteView plain) {
      if (plain.size() > left) corrupt("its content is longer than it was");
      left -= plain.size();
      piece.resize(plain.size());
      seal.update(plain, piece);
      put(piece);
    });
    if (left != 0) corrupt("its content is shorter than it was");
    put(seal.sealed());
    if (hash.finish() != recipe_.hash) corrupt("what was made isn't the original: the stored content is damaged");
  }

 private:
  SealedRecipe recipe_;
};

}  // namespace

Bytes SealedRecipe::encode() const {
  Encoder sizes;
  sizes.varint(sealed_bytes);
  Bytes out;
  out.reserve(kMostRecipe);   // no copy of the key stays behind in what a growing vector gives back
  out.push_back(kVersion);
  out.insert(out.end(), nonce.begin(), nonce.end());
  out.insert(out.end(), key.view().begin(), key.view().end());
  out.insert(out.end(), sizes.out().begin(), sizes.out().end());
  out.insert(out.end(), hash.begin(), hash.end());
  return out;
}

SealedRecipe SealedRecipe::decode(ByteView recipe) {
  Decoder in(recipe, kWhat);
  if (const uint64_t version = in.varint(); version != kVersion)
    throw Error(version > kVersion ? ErrorCode::kUnsupported : ErrorCode::kCorrupt,
                std::string(kWhat) + ": version " + std::to_string(version) + (version > kVersion ? ": use a newer cairn" : ""));
  SealedRecipe out;
  std::ranges::copy(in.raw(out.nonce.size()), out.nonce.begin());
  out.key = Secret::from(in.raw(Secret::kBytes));
  out.sealed_bytes = in.varint_up_to(kMostGcmBytes + kGcmNonceBytes + kGcmTagBytes);
  if (out.sealed_bytes < kGcmNonceBytes + kGcmTagBytes) in.fail("a size that can't be");
  std::ranges::copy(in.raw(out.hash.size()), out.hash.begin());
  in.finish();
  return out;
}

std::unique_ptr<const Rebuilder> make_sealed_document_rebuilder(ByteView recipe) { return std::make_unique<const SealedRebuilder>(recipe); }

}  // namespace cairn
