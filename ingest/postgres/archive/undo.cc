#include "ingest/postgres/archive/undo.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr size_t kSamplePackedBytes = 128 << 10;   // more than a block of zlib's, so that something can be compared
constexpr size_t kSamplePlainBytes = 6 << 20;
constexpr size_t kTrialBytes = 64 << 10;
constexpr size_t kMostWaitingBytes = 2 << 20;      // packed bytes that a compressor may keep back; zstd at level 19: 128 KiB of plain
constexpr int kMostFailures = 3;                   // streams after which only the likeliest parameters are tried

}  // namespace

Undo::Undo(PackCodec codec, UndoHints& hints, TakeBytes plain, TakeBytes unmatched)
    : codec_(codec), hints_(hints), plain_(std::move(plain)), unmatched_(std::move(unmatched)), unpacker_(make_unpacker(codec)) {}

void Undo::add(ByteView packed) {
  if (packed.empty()) return;
  any_ = true;
  if (ended_ || damaged_) {
    trailing_ = trailing_ || ended_;
    stop_matching();
    unmatched_(packed);
    return;
  }
  if (state_ == State::kUnmatched) {
    unmatched_(packed);
  } else {
    came_.insert(came_.end(), packed.begin(), packed.end());
  }
  size_t used = 0;
  const Unpacker::State state = unpacker_->add(packed, used, [this](ByteView plain) { take_plain(plain); });
  ended_ = state == Unpacker::State::kEnd;
  damaged_ = state == Unpacker::State::kDamaged;
  trailing_ = ended_ && used < packed.size();
  const bool was_matching = state_ == State::kMatching;
  if (state_ == State::kSampling && (ended_ || came_.size() >= kSamplePackedBytes || sample_.size() >= kSamplePlainBytes)) choose();
  if (state_ != State::kMatching) return;
  if (ended_ && was_matching) packer_->finish(made_);
  compare();
  if (ended_) mismatch();   // what is left came behind the stream
}

void Undo::take_plain(ByteView plain) {
  plain_(plain);
  if (state_ == State::kSampling) sample_.insert(sample_.end(), plain.begin(), plain.end());
  if (state_ == State::kMatching) packer_->add(plain, made_);
}

// Finds the parameters that give the sample; the packer that did goes on.
void Undo::choose() {
  std::vector<Packing> packings = likely_packings(codec_, came_);
  if (hints_.last && hints_.last->codec == codec_) {
    std::erase(packings, *hints_.last);
    packings.insert(packings.begin(), *hints_.last);
  } else if (hints_.failures >= kMostFailures && packings.size() > 1) {
    packings.resize(1);
  }
  const auto found = std::ranges::find_if(packings, [this](const Packing& one) { return fits(one); });
  Bytes().swap(sample_);
  if (found == packings.end()) {
    ++hints_.failures;
    mismatch();
    return;
  }
  hints_.failures = 0;
  hints_.last = packing_ = *found;
  state_ = State::kMatching;
}

// True, and packer_ and made_ are those of the sample, when the sample packs to what came.
bool Undo::fits(const Packing& packing) {
  packer_ = std::make_unique<SteadyPacker>(packing);
  made_.clear();
  const auto same = [this] {
    const size_t size = std::min(made_.size(), came_.size());
    return std::ranges::equal(ByteView(made_).first(size), ByteView(came_).first(size));
  };
  for (ByteView rest = sample_; !rest.empty(); rest = rest.subspan(std::min(rest.size(), kTrialBytes))) {
    packer_->add(rest.first(std::min(rest.size(), kTrialBytes)), made_);
    if (!same()) return false;
  }
  if (ended_) packer_->finish(made_);
  return made_.size() <= came_.size() ? same() : !ended_;
}

void Undo::compare() {
  const size_t size = std::min(came_.size(), made_.size());
  const auto difference = std::mismatch(came_.begin(), came_.begin() + static_cast<ptrdiff_t>(size), made_.begin());
  const size_t same = static_cast<size_t>(difference.first - came_.begin());
  matched_ += same;
  came_.erase(came_.begin(), difference.first);
  made_.erase(made_.begin(), difference.second);
  if (same < size || came_.size() > kMostWaitingBytes || made_.size() > kMostWaitingBytes) mismatch();
}

void Undo::mismatch() {
  state_ = State::kUnmatched;
  packer_.reset();
  Bytes().swap(made_);
  Bytes().swap(sample_);
  if (!came_.empty()) unmatched_(came_);
  Bytes().swap(came_);
}

void Undo::stop_matching() {
  if (state_ != State::kUnmatched) mismatch();
}

std::string Undo::finish() {
  // A stream that breaks off early was never compared.
  if (state_ == State::kSampling && !came_.empty()) choose();
  if (state_ == State::kMatching) compare();
  stop_matching();
  if (damaged_) return "is damaged";
  if (trailing_) return "has bytes behind its end";
  if (any_ && !ended_) return "breaks off";
  return "";
}

}  // namespace cairn
