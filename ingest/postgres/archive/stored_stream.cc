#include "ingest/postgres/archive/stored_stream.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr size_t kScanBytes = 64 << 10;
constexpr size_t kPutBytes = 1 << 20;          // verbatim bytes that are worth an interruption of the rows
constexpr size_t kMostHeldBytes = 16 << 20;    // verbatim bytes that can't wait for the end of a line any more

}  // namespace

StoredStream::StoredStream(Bytes head) : scanner_(head.size()) {
  layout_.add_text(head.size());
  marks_.push_back({head.size(), false});
  queue(std::move(head));
}

void StoredStream::text(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t take = std::min(bytes.size(), kScanBytes - text_.size());
    text_.insert(text_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(take));
    bytes = bytes.subspan(take);
    if (text_.size() == kScanBytes) scan();
  }
}

// Scans what has gathered.  Verbatim bytes are put at the end of its last line if the scanner is done with everything before: no
// mark may come later for what stands before them.
void StoredStream::scan() {
  Bytes bytes = std::move(text_);
  text_.clear();
  text_.reserve(kScanBytes);
  size_t done = 0;
  if (verbatim_.size() >= kPutBytes) {
    const auto newline = std::find(bytes.rbegin(), bytes.rend(), '\n');
    done = static_cast<size_t>(bytes.rend() - newline);
    scan(ByteView(bytes).first(done));
    if (scanner_.settled() == layout_.text_bytes() || scanner_.failed() || verbatim_.size() >= kMostHeldBytes) put_verbatim();
  }
  scan(ByteView(bytes).subspan(done));
}

void StoredStream::scan(ByteView bytes) {
  if (bytes.empty()) return;
  layout_.add_text(bytes.size());
  if (!scanner_.failed()) {
    scanner_.scan(bytes, new_marks_);
    if (scanner_.failed()) new_marks_.push_back({layout_.text_bytes(), false});   // its lines are no records any more
  }
  queue(Bytes(bytes.begin(), bytes.end()));
  for (const Mark& mark : new_marks_) {
    const Mark placed{layout_.text_place(mark.offset_bytes), mark.records};
    marks_.insert(std::ranges::upper_bound(marks_, placed.offset_bytes, {}, &Mark::offset_bytes), placed);
    records_ = mark.records;
  }
  new_marks_.clear();
}

void StoredStream::verbatim(ByteView bytes) {
  verbatim_.insert(verbatim_.end(), bytes.begin(), bytes.end());
  if (verbatim_.size() >= (text_ended_ ? kScanBytes : kMostHeldBytes)) {
    if (!text_ended_) scan();
    put_verbatim();
  }
}

void StoredStream::put_verbatim() {
  if (verbatim_.empty()) return;
  const uint64_t begin = layout_.stored_bytes();
  const bool goes_on = text_ended_ && layout_.verbatim_bytes() > 0;
  layout_.add_verbatim(verbatim_.size());
  queue(std::move(verbatim_));
  verbatim_.clear();
  if (!goes_on) marks_.push_back({begin, false});
  if (!text_ended_) marks_.push_back({layout_.stored_bytes(), records_});
}

void StoredStream::end_text() {
  if (text_ended_) return;
  scan();
  text_ended_ = true;
  if (!scanner_.failed()) outline_ = scanner_.finish();
  if (layout_.verbatim_bytes() > 0) marks_.push_back({layout_.stored_bytes(), false});
  put_verbatim();
}

void StoredStream::queue(Bytes bytes) {
  waiting_bytes_ += bytes.size();
  if (!bytes.empty()) waiting_.push_back(std::move(bytes));
}

size_t StoredStream::read(std::span<uint8_t> into) {
  size_t done = 0;
  while (done < into.size() && !waiting_.empty()) {
    const Bytes& front = waiting_.front();
    const size_t size = std::min(into.size() - done, front.size() - front_begin_);
    std::memcpy(into.data() + done, front.data() + front_begin_, size);
    done += size;
    front_begin_ += size;
    if (front_begin_ == front.size()) {
      waiting_.pop_front();
      front_begin_ = 0;
    }
  }
  waiting_bytes_ -= done;
  read_bytes_ += done;
  return done;
}

uint64_t StoredStream::settled() const {
  if (text_ended_ || scanner_.failed() || scanner_.settled() >= layout_.text_bytes()) return read_bytes_;
  return std::min(read_bytes_, layout_.text_place(scanner_.settled()));
}

void StoredStream::take_marks(std::vector<Mark>& marks) {
  const uint64_t settled_bytes = settled();
  const bool all = text_ended_ && waiting_bytes_ == 0;
  for (; !marks_.empty() && (all || marks_.front().offset_bytes < settled_bytes); marks_.pop_front()) marks.push_back(marks_.front());
}

}  // namespace cairn
