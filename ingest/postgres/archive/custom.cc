// The custom container (pg_dump -Fc) behind its table of contents: blocks of chunks, in the order in which they were written.
//
//   block         1 (data), entry's number, chunks | 3 (large objects), entry's number, large objects, 0
//   large object  its oid, chunks
//   chunks        length, so many bytes; … 0
#include "ingest/postgres/archive/block.h"

namespace cairn {

namespace {

constexpr uint8_t kData = 1, kLargeObjects = 3;
constexpr size_t kBlockHeadBytes = 1 + kArchiveIntBytes;

class CustomContainer : public Container {
 public:
  CustomContainer(ArchiveJob& job, Input& in) : job_(job), in_(in) {}

  bool step() override {
    switch (state_) {
      case State::kBlock: read_block(); return true;
      case State::kObject: read_object(); return true;
      case State::kChunk: read_chunk(); return true;
      case State::kPayload: read_payload(); return true;
      case State::kFinish: finish(); return true;
      case State::kRest: return read_rest();
    }
    return false;
  }

 private:
  enum class State { kBlock, kObject, kChunk, kPayload, kFinish, kRest };

  void read_block() {
    const ByteView head = in_.peek(kBlockHeadBytes);
    if (head.empty()) {
      state_ = State::kFinish;
      return;
    }
    const auto id = head.size() < kBlockHeadBytes ? std::nullopt : archive_int(head.subspan(1));
    const TocEntry* entry = id ? job_.toc.find(static_cast<int>(*id)) : nullptr;
    const bool known = entry && entry->has_data && !job_.render.arrived(*entry) && (head[0] == kData || head[0] == kLargeObjects) &&
                       (head[0] == kLargeObjects) == Renderer::holds_large_objects(*entry);
    if (!known && !job_.render.missing()) return pass_rest();
    if (!known) return give_up(head.size() < kBlockHeadBytes ? "it breaks off" : "what follows isn't data of an entry of its table of contents");
    if (!job_.render.ready(*entry)) return;
    entry_ = entry;
    job_.verbatim(in_, kBlockHeadBytes);
    if (head[0] == kLargeObjects) {
      job_.render.begin_large_objects(*entry);
      state_ = State::kObject;
      return;
    }
    job_.render.begin_data(*entry);
    block_.emplace(job_, job_.toc.codec, true, PlainSource::Form::kText, [this](ByteView rows) { job_.render.data(rows); });
    objects_ = false;
    state_ = State::kChunk;
  }

  void read_object() {
    const ByteView head = in_.peek(kArchiveIntBytes);
    const auto oid = head.size() < kArchiveIntBytes ? std::nullopt : object_number(head);
    if (!oid) return give_up(head.size() < kArchiveIntBytes ? "it breaks off within the large objects" : "a large object's number is damaged");
    job_.verbatim(in_, kArchiveIntBytes);
    if (*oid == 0) {
      job_.render.end_large_objects();
      state_ = State::kBlock;
      return;
    }
    job_.render.begin_large_object(*oid);
    block_.emplace(job_, job_.toc.codec, true, job_.render.large_object_form(), [this](ByteView bytes) { job_.render.large_object_data(bytes); });
    objects_ = true;
    state_ = State::kChunk;
  }

  // An object's number may use all 32 bits: above 2^31 it was written as a negative integer.
  static std::optional<uint32_t> object_number(ByteView bytes) {
    uint32_t value;
    std::memcpy(&value, bytes.data() + 1, sizeof value);
    if (bytes[0] > 1) return std::nullopt;
    return bytes[0] == 0 ? value : 0 - value;
  }

  void read_chunk() {
    const ByteView head = in_.peek(kArchiveIntBytes);
    const auto size = head.size() < kArchiveIntBytes ? std::nullopt : archive_int(head);
    if (!size || *size < 0) {
      end_block(head.size() < kArchiveIntBytes ? "it breaks off within " + data_of(*entry_)
                                               : data_of(*entry_) + ": a chunk's length is damaged");
      return give_up("");
    }
    if (*size == 0) {
      end_block();
      job_.verbatim(in_, kArchiveIntBytes);
      return;
    }
    in_.skip(kArchiveIntBytes);
    block_->chunk(static_cast<uint32_t>(*size));
    left_ = static_cast<uint64_t>(*size);
    state_ = State::kPayload;
  }

  void read_payload() {
    const ByteView have = in_.peek(1);
    if (have.empty()) {
      end_block("it breaks off within " + data_of(*entry_));
      return give_up("");
    }
    const size_t size = static_cast<size_t>(std::min<uint64_t>({have.size(), left_, piece_bytes(job_.toc.codec)}));
    block_->payload(have.first(size));
    in_.skip(size);
    left_ -= size;
    if (left_ == 0) state_ = State::kChunk;
  }

  // `why`: what else is known to be wrong with it.
  void end_block(const std::string& why = "") {
    const std::string problem = block_->end();
    block_.reset();
    bool whole = true;
    if (objects_) {
      job_.render.end_large_object();
    } else {
      whole = job_.render.end_data();
    }
    if (!problem.empty()) job_.trouble(data_of(*entry_) + " " + problem);
    if (!why.empty()) job_.trouble(why);
    if (!whole) job_.trouble(data_of(*entry_) + " breaks off");
    state_ = objects_ ? State::kObject : State::kBlock;
  }

  // From here on nothing is understood.  `why`: "": the problem was told.  Requires: no block is open.
  void give_up(const std::string& why) {
    if (state_ == State::kObject) job_.render.end_large_objects();
    if (!why.empty()) job_.trouble(why);
    state_ = State::kFinish;
  }

  // Bytes behind an archive that is whole: pg_restore doesn't mind them.  (pg_dump -Fc >> FILE writes its table of contents twice.)
  void pass_rest() {
    job_.warnings.push_back("bytes follow the end of the archive; they are kept");
    state_ = State::kFinish;
  }

  void finish() {
    if (!job_.render.finish()) return;
    job_.out.end_text();
    if (const TocEntry* missing = job_.render.missing()) job_.trouble("it ends before " + data_of(*missing));
    state_ = State::kRest;
  }

  bool read_rest() {
    const size_t have = std::min(in_.peek(1).size(), Input::kMostPeekBytes);
    if (have > 0) {
      job_.verbatim(in_, have);
      return true;
    }
    OriginalFile file;
    file.size_bytes = in_.size_bytes();
    job_.recipe.end_file(file, in_.hash());
    job_.out.end();
    return false;
  }

  ArchiveJob& job_;
  Input& in_;
  State state_ = State::kBlock;
  const TocEntry* entry_ = nullptr;
  bool objects_ = false;             // the block is a large object
  uint64_t left_ = 0;                // of the chunk
  std::optional<Block> block_;
};

}  // namespace

std::unique_ptr<Container> make_custom_container(ArchiveJob& job, Input& in) { return std::make_unique<CustomContainer>(job, in); }

}  // namespace cairn
