#include "ingest/document/sealed_document.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>

#include "ingest/crypto/aes_gcm.h"
#include "ingest/document/document_source.h"
#include "ingest/document/sealed_recipe.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr size_t kOverheadBytes = kGcmNonceBytes + kGcmTagBytes;
constexpr size_t kSealedPieceBytes = 64 << 10;
constexpr size_t kSureBytes = 64;       // of JSON: nothing else becomes so many of it by chance
constexpr size_t kMostKeyBytes = 128;   // that are read of what should be a key
constexpr std::string_view kPlainName = "document.json", kSealedEnding = ".sealed";

// Opens the stream as it passes: what is given out is authentic only when the end was reached.
class Opener {
 public:
  Opener(std::function<size_t(std::span<uint8_t>)> read, const Secret& key) : read_(std::move(read)) { recipe_.key = key.clone(); }
  ~Opener() = default;
  Opener(const Opener&) = delete;
  Opener& operator=(const Opener&) = delete;

  // At least one byte of what is in it; 0 when it has ended and was authentic.   Errors: kCorrupt, and those of the stream.
  size_t read(std::span<uint8_t> into) {
    if (into.empty() || done_) return 0;
    if (!cipher_) begin();
    while (held_.size() <= kGcmTagBytes) {
      if (!more()) return finish();
    }
    const size_t size = std::min(into.size(), held_.size() - kGcmTagBytes);
    cipher_->update(ByteView(held_).first(size), into.first(size));
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }

  bool done() const { return done_; }
  uint64_t plain_bytes() const { return recipe_.plain_bytes(); }
  Bytes recipe() const { return recipe_.encode(); }

 private:
  void begin() {
    while (held_.size() < kGcmNonceBytes && more()) {}
    if (held_.size() < kGcmNonceBytes) refuse("it is shorter than the seal alone");
    std::copy_n(held_.begin(), kGcmNonceBytes, recipe_.nonce.begin());
    held_.erase(held_.begin(), held_.begin() + kGcmNonceBytes);
    cipher_.emplace(AesGcm::Direction::kOpen, recipe_.key, recipe_.nonce);
  }

  // False at the end of the stream.
  bool more() {
    const size_t before = held_.size();
    held_.resize(before + kSealedPieceBytes);
    const size_t size = read_(std::span(held_).subspan(before));
    held_.resize(before + size);
    hash_.update(ByteView(held_).subspan(before));
    recipe_.sealed_bytes += size;
    return size > 0;
  }

  size_t finish() {
    if (held_.size() < kGcmTagBytes) refuse("it is shorter than the seal alone");
    GcmTag tag;
    std::ranges::copy(held_, tag.begin());
    if (!cipher_->opened(tag)) refuse("it is damaged, or sealed with another key");
    recipe_.hash = hash_.finish();
    done_ = true;
    return 0;
  }

  [[noreturn]] static void refuse(const std::string& why) {
    throw Error(ErrorCode::kCorrupt, "sealed document: " + why + "; nothing was recorded");
  }

  std::function<size_t(std::span<uint8_t>)> read_;
  SealedRecipe recipe_;
  std::optional<AesGcm> cipher_;
  Blake3 hash_;
  Bytes held_;   // sealed bytes; the last 16 of all are the tag
  bool done_ = false;
};

// A stream of parts and one more among them.
class WithPart : public PartStream {
 public:
  WithPart(std::unique_ptr<PartStream> others, Part part) : others_(std::move(others)), part_(std::move(part)) {}

  bool next(Part& part) override {
    if (!waiting_ && !ended_) advance();
    if (part_ && (ended_ || part_->name < other_.name)) {
      part = std::move(*part_);
      part_.reset();
      return true;
    }
    if (ended_) return false;
    part = std::move(other_);
    waiting_ = false;
    return true;
  }

 private:
  void advance() {
    // The whole document goes before a section that happens to have its name.
    do {
      ended_ = !others_->next(other_);
    } while (!ended_ && part_ && other_.name == part_->name);
    waiting_ = !ended_;
  }
  std::unique_ptr<PartStream> others_;
  std::optional<Part> part_;
  Part other_;             // the next one, when `waiting_`
  bool waiting_ = false, ended_ = false;
};

class SealedSource : public PartedSource {
 public:
  SealedSource(std::function<size_t(std::span<uint8_t>)> read, const Secret& key, const MakePlainSource& make)
      : opener_(std::move(read), key), plain_(make([this](std::span<uint8_t> into) { return opener_.read(into); })) {}

  size_t read(std::span<uint8_t> into) override { return plain_->read(into); }
  uint64_t settled() const override { return plain_->settled(); }
  void take_marks(std::vector<Mark>& marks) override { plain_->take_marks(marks); }

  StreamParts parts() override {
    StreamParts out = plain_->parts();
    assert(opener_.done() && out.transform.empty());
    if (out.kind == ComponentKind::kStream)
      out.warnings.emplace_back("what is in the sealed document isn't JSON: it has no parts but itself");
    out.kind = ComponentKind::kDocument;
    out.transform = kSealedDocument;
    out.recipe = opener_.recipe();
    std::string& original = out.properties["original"];
    Part whole;
    whole.name = original.empty() ? std::string(kPlainName) : original;
    whole.kind = "document";
    if (const uint64_t size = opener_.plain_bytes(); size > 0) whole.extents = {{0, size}};
    original = whole.name + std::string(kSealedEnding);
    out.properties["sealed"] = kSealedDocument;
    if (out.sorted_parts) {
      out.sorted_parts = std::make_unique<WithPart>(std::move(out.sorted_parts), std::move(whole));
    } else {
      std::erase_if(out.parts, [&](const Part& one) { return one.name == whole.name; });
      out.parts.push_back(std::move(whole));
    }
    return out;
  }

 private:
  Opener opener_;
  std::unique_ptr<PartedSource> plain_;
};

Secret document_key(ByteView bytes, const std::string& what) {
  const size_t given = bytes.size();
  if (given > Secret::kBytes && bytes[given - 1] == '\n') bytes = bytes.first(given - 1);
  if (bytes.size() > Secret::kBytes && bytes.back() == '\r') bytes = bytes.first(bytes.size() - 1);
  if (bytes.size() != Secret::kBytes) {
    const std::string length = given > kMostKeyBytes ? "more than " + std::to_string(kMostKeyBytes) : std::to_string(given);
    throw Error(ErrorCode::kInvalidArgument, what + ": the key of a sealed document has 32 bytes as it stands, this has " + length);
  }
  return Secret::from(bytes);
}

}  // namespace

Secret document_key_of_text(std::string_view text, const std::string& what) { return document_key(view(text), what); }

Secret document_key_of_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw Error(ErrorCode::kInvalidArgument, errno_error(errno, "key of a sealed document: " + printable(path)).what());
  // Files of keys are short, pipes give them in pieces.
  std::array<uint8_t, kMostKeyBytes + 1> bytes;
  struct Wipe {
    std::span<uint8_t> what;
    ~Wipe() { wipe(what); }
  } wiped{bytes};
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorCode::kInvalidArgument, errno_error(errno, "key of a sealed document: " + printable(path)).what());
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  return document_key(ByteView(bytes).first(size), printable(path));
}

bool opens_as_document(const Secret& key, ByteView beginning) {
  if (beginning.size() <= kOverheadBytes) return false;
  GcmNonce nonce;
  std::copy_n(beginning.begin(), nonce.size(), nonce.begin());
  const ByteView sealed = beginning.subspan(nonce.size(), beginning.size() - kOverheadBytes);   // the rest may be the tag
  Bytes plain(sealed.size());
  AesGcm cipher(AesGcm::Direction::kOpen, key, nonce);
  cipher.update(sealed, plain);
  const bool json = looks_like_json(plain);
  wipe(plain);
  if (!json || sealed.size() >= kSureBytes) return json;
  GcmTag tag;   // so short a stream is all here
  std::ranges::copy(beginning.last(tag.size()), tag.begin());
  return cipher.opened(tag);
}

std::unique_ptr<PartedSource> make_sealed_document_source(std::function<size_t(std::span<uint8_t>)> read, const Secret& key,
                                                          const MakePlainSource& make) {
  return std::make_unique<SealedSource>(std::move(read), key, make);
}

struct DocumentSealer::State {
  State(const Secret& key, const GcmNonce& nonce, std::function<void(ByteView)> to)
      : cipher(AesGcm::Direction::kSeal, key, nonce), write(std::move(to)), piece(kSealedPieceBytes) {}
  AesGcm cipher;
  std::function<void(ByteView)> write;
  Bytes piece;
};

DocumentSealer::DocumentSealer(const Secret& key, std::function<void(ByteView)> write) {
  GcmNonce nonce;
  random_fill(nonce);
  state_ = std::make_unique<State>(key, nonce, std::move(write));
  state_->write(nonce);
}

DocumentSealer::~DocumentSealer() = default;

void DocumentSealer::write(ByteView plain) {
  while (!plain.empty()) {
    const ByteView now = plain.first(std::min(plain.size(), kSealedPieceBytes));
    const auto sealed = std::span(state_->piece).first(now.size());
    state_->cipher.update(now, sealed);
    state_->write(sealed);
    plain = plain.subspan(now.size());
  }
}

void DocumentSealer::finish() { state_->write(state_->cipher.sealed()); }

}  // namespace cairn
