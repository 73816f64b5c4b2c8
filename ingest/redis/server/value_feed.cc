#include "ingest/redis/server/value_feed.h"

namespace cairn {

namespace {

constexpr size_t kBatchKeys = 16 << 10;
constexpr uint64_t kBatchBytes = 4 << 20;     // read in one go
constexpr uint64_t kBatchNames = 4 << 20;     // bytes
constexpr uint64_t kMostGapBytes = 4 << 10;   // between two values: read and passed over, rather than looked up again

class Feed {
 public:
  Feed(SelectedKeys& keys, PartOutput& output, Monitor& monitor, KeyTarget& target)
      : keys_(keys), output_(output), monitor_(monitor), target_(target) {}

  void run() {
    SelectedKey key;
    for (uint64_t number = 0; keys_.next(key); ++number) {
      if (number % kBatchKeys == 0) monitor_.check_interrupted();
      if (!target_.wants(key)) continue;
      const bool is_long = key.value.length_bytes > kLongValueBytes;
      const bool full = batch_.size() == kBatchKeys || bytes_ >= kBatchBytes || names_bytes_ >= kBatchNames;
      if (!batch_.empty() && (is_long || full || batch_.back().db != key.db)) flush();
      if (is_long) stream(key);
      else add(std::move(key));
    }
    flush();
  }

 private:
  void add(SelectedKey&& key) {
    const auto [offset, length] = key.value;
    Extent* last = pieces_.empty() ? nullptr : &pieces_.back().extent;
    const uint64_t end = last == nullptr ? 0 : last->offset_bytes + last->length_bytes;
    if (last != nullptr && offset >= end && offset - end <= kMostGapBytes) {
      last->length_bytes += offset - end + length;
      bytes_ += offset - end;
    } else {
      pieces_.push_back({{}, key.value});
    }
    places_.push_back(bytes_);
    bytes_ += length;
    names_bytes_ += key.name.size();
    batch_.push_back(std::move(key));
  }

  void flush() {
    if (batch_.empty()) return;
    target_.coming(batch_);
    if (read(pieces_, bytes_) == std::nullopt) {
      for (size_t i = 0; i < batch_.size(); ++i)
        target_.put(batch_[i], ByteView(bytes_read_).subspan(places_[i], batch_[i].value.length_bytes));
    } else {   // one of them can't be read; which?
      for (const SelectedKey& key : batch_) {
        const PartPiece piece{{}, key.value};
        if (const auto why = read({&piece, 1}, key.value.length_bytes)) target_.unreadable(key, *why);
        else target_.put(key, bytes_read_);
      }
    }
    batch_.clear();
    places_.clear();
    pieces_.clear();
    bytes_ = names_bytes_ = 0;
  }

  // What is wrong, if something is; else they are in bytes_read_.
  std::optional<Error> read(std::span<const PartPiece> pieces, uint64_t bytes) {
    bytes_read_.clear();
    bytes_read_.reserve(bytes);
    try {
      output_.write(pieces, [&](ByteView run) { bytes_read_.insert(bytes_read_.end(), run.begin(), run.end()); });
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      return e;
    }
    if (bytes_read_.size() != bytes) return Error(ErrorCode::kCorrupt, "a value has another length than the catalogue says");
    return std::nullopt;
  }

  void stream(const SelectedKey& key) {
    target_.coming({&key, 1});
    target_.begin(key);
    const PartPiece piece{{}, key.value};
    bool in_target = false;   // its errors end all
    try {
      output_.write({&piece, 1}, [&](ByteView run) {
        in_target = true;
        target_.piece(run);
        in_target = false;
      });
    } catch (const Error& e) {
      if (in_target || e.code() == ErrorCode::kInterrupted) throw;
      return target_.break_off(e);
    }
    target_.end();
  }

  SelectedKeys& keys_;
  PartOutput& output_;
  Monitor& monitor_;
  KeyTarget& target_;
  std::vector<SelectedKey> batch_;
  std::vector<size_t> places_;       // of their values among what is read
  std::vector<PartPiece> pieces_;
  Bytes bytes_read_;
  uint64_t bytes_ = 0, names_bytes_ = 0;   // of the batch
};

}  // namespace

void feed_values(SelectedKeys& keys, PartOutput& output, Monitor& monitor, KeyTarget& target) {
  Feed(keys, output, monitor, target).run();
}

}  // namespace cairn
