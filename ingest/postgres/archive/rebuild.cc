#include "ingest/postgres/archive/rebuild.h"

#include <algorithm>
#include <array>

#include "ingest/postgres/archive/recipe.h"
#include "store/error.h"

namespace cairn {

namespace {

[[noreturn]] void corrupt(const std::string& why) { throw Error(ErrorCode::kCorrupt, "archive of pg_dump: rebuilding it: " + why); }

// Puts the chunks' lengths between payload bytes.
class Framer {
 public:
  Framer(const std::vector<FrameRun>& runs, TakeBytes write) : runs_(runs), write_(std::move(write)) {}

  void add(ByteView payload) {
    if (runs_.empty()) {
      write_(payload);
      return;
    }
    while (!payload.empty()) {
      if (left_ == 0 && run_ == runs_.size()) corrupt("more data than chunks");
      payload = payload.subspan(left_ > 0 || !runs_[run_].lines ? chunk(payload) : line(payload));
    }
  }
  // An archive may break off behind a chunk's length.
  void finish() {
    if (left_ == 0 && run_ < runs_.size() && !runs_[run_].lines) {
      length(runs_[run_].size_bytes);
      used();
    }
    if (!line_.empty() || run_ < runs_.size()) corrupt("more chunks than data");
  }

 private:
  size_t chunk(ByteView payload) {
    if (left_ == 0) {
      left_ = runs_[run_].size_bytes;
      length(left_);
      used();
    }
    const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, payload.size()));
    write_(payload.first(size));
    left_ -= size;
    return size;
  }

  size_t line(ByteView payload) {
    const void* newline = std::memchr(payload.data(), '\n', payload.size());
    const size_t size = newline ? static_cast<size_t>(static_cast<const uint8_t*>(newline) - payload.data()) + 1 : payload.size();
    const ByteView piece = payload.first(size);
    if (line_.size() + size > kMostLineBytes) corrupt("a line that is too long");
    if (newline && line_.empty()) {
      length(size);
      write_(piece);
      used();
      return size;
    }
    line_.insert(line_.end(), piece.begin(), piece.end());
    if (!newline) return size;
    length(line_.size());
    write_(line_);
    line_.clear();
    used();
    return size;
  }

  void length(uint64_t size) {
    std::array<uint8_t, kArchiveIntBytes> bytes{};
    const auto value = static_cast<uint32_t>(size);
    std::memcpy(bytes.data() + 1, &value, sizeof value);
    write_(bytes);
  }

  // One chunk of the run is used up.
  void used() {
    if (++count_ < runs_[run_].count) return;
    ++run_;
    count_ = 0;
  }

  const std::vector<FrameRun>& runs_;
  TakeBytes write_;
  size_t run_ = 0;
  uint64_t count_ = 0;   // chunks of the run that were begun
  uint64_t left_ = 0;    // bytes of the chunk that is begun
  Bytes line_;
};

// Gathers small pieces of what is rebuilt, and hashes it.
class Output {
 public:
  explicit Output(const TakeBytes& write) : write_(write) { pending_.reserve(kPieceBytes); }
  void add(ByteView bytes) {
    if (pending_.size() + bytes.size() > kPieceBytes) flush();
    if (bytes.size() >= kPieceBytes) {
      put(bytes);
    } else {
      pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    }
  }
  void flush() {
    if (!pending_.empty()) put(pending_);
    pending_.clear();
  }
  uint64_t size_bytes() const { return size_; }
  Blake3Hash hash() const { return hash_.finish(); }

 private:
  static constexpr size_t kPieceBytes = 256 << 10;
  void put(ByteView bytes) {
    hash_.update(bytes);
    size_ += bytes.size();
    write_(bytes);
  }
  const TakeBytes& write_;
  Bytes pending_;
  Blake3 hash_;
  uint64_t size_ = 0;
};

// The bytes of a large object out of its lowrite('\x…') lines.
class Unhex {
 public:
  Unhex(const PlainSource& source, TakeBytes plain)
      : words_(lowrite_begin(source.form).size()), left_(source.length_bytes), plain_(std::move(plain)) {
    out_.reserve(kLowriteBytes);
  }
  void add(ByteView text) {
    for (const uint8_t byte : text) {
      if (at_ >= words_ && at_ < words_ + 2 * line_bytes()) {
        const int digit = value(byte);
        if ((at_ - words_) % 2 == 0) {
          high_ = digit;
        } else {
          out_.push_back(static_cast<uint8_t>(high_ * 16 + digit));
        }
      }
      if (++at_ == words_ + 2 * line_bytes() + kLowriteEnd.size()) end_line();
    }
  }

 private:
  uint64_t line_bytes() const { return std::min(left_, kLowriteBytes); }
  void end_line() {
    plain_(out_);
    left_ -= out_.size();
    out_.clear();
    at_ = 0;
  }
  static int value(uint8_t digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    corrupt("a large object with other characters than digits");
  }
  uint64_t words_;
  uint64_t left_;
  TakeBytes plain_;
  uint64_t at_ = 0;    // in the line
  int high_ = 0;
  Bytes out_;
};

class FileRebuilder {
 public:
  FileRebuilder(const Recipe& recipe, const RecipeFile& file, const ReadStored& read, const TakeBytes& write)
      : recipe_(recipe), file_(file), read_(read), out_(write), verbatim_(file.first_verbatim) {}

  void run() {
    RecipeOps ops(file_.operations);
    while (const auto op = ops.next()) {
      switch (op->kind) {
        case RecipeOp::Kind::kText: plain(op->source, [&](ByteView b) { out(b); }); break;
        case RecipeOp::Kind::kVerbatim: verbatim(op->verbatim_bytes, [&](ByteView b) { out(b); }); break;
        case RecipeOp::Kind::kBlock: block(*op); break;
      }
    }
    out_.flush();
    if (out_.size_bytes() != file_.file.size_bytes || out_.hash() != file_.hash) {
      corrupt("the result isn't the original: the stored stream is damaged, or the compression library here works differently from "
              "the one at backup; its parts can be restored all the same (see: cairn ls)");
    }
  }

 private:
  // What is longer than the original can't become it.
  void out(ByteView bytes) {
    made_ += bytes.size();
    if (made_ > file_.file.size_bytes) corrupt("the result is longer than the original");
    out_.add(bytes);
  }

  void read(const std::vector<Extent>& extents, const TakeBytes& take) {
    for (const Extent& one : extents) read_(one.offset_bytes, one.length_bytes, take);
  }

  void verbatim(uint64_t length, const TakeBytes& take) {
    read(recipe_.layout.verbatim({verbatim_, length}), take);
    verbatim_ += length;
  }

  void block(const RecipeOp& op) {
    Framer framer(op.frames, [&](ByteView b) { out(b); });
    uint64_t left = op.made_bytes;
    const TakeBytes payload = [&](ByteView bytes) {
      const size_t size = static_cast<size_t>(std::min<uint64_t>(left, bytes.size()));
      framer.add(bytes.first(size));
      left -= size;
    };
    if (left > 0) make(op, payload, left);
    if (left > 0) corrupt("a block is too short");
    verbatim(op.verbatim_bytes, [&](ByteView b) { framer.add(b); });
    framer.finish();
  }

  // Runs the source through its compressor; nothing more than needed.
  void make(const RecipeOp& op, const TakeBytes& payload, const uint64_t& left) {
    if (op.packing.codec == PackCodec::kNone) {
      plain(op.source, payload);
      return;
    }
    SteadyPacker packer(op.packing);
    Bytes packed;
    const auto hand_on = [&] {
      payload(packed);
      packed.clear();
    };
    plain(op.source, [&](ByteView bytes) {
      if (left == 0) return;
      packer.add(bytes, packed);
      hand_on();
    });
    if (left == 0) return;
    packer.finish(packed);
    hand_on();
  }

  void plain(const PlainSource& source, const TakeBytes& take) {
    const auto extents = recipe_.layout.text({source.offset_bytes, source_text_bytes(source)});
    if (source.form == PlainSource::Form::kText) {
      read(extents, take);
      return;
    }
    Unhex unhex(source, take);
    read(extents, [&](ByteView text) { unhex.add(text); });
  }

  const Recipe& recipe_;
  const RecipeFile& file_;
  const ReadStored& read_;
  Output out_;
  uint64_t verbatim_;
  uint64_t made_ = 0;
};

}  // namespace

ArchiveRebuilder::ArchiveRebuilder(ByteView recipe) : recipe_(std::make_unique<const Recipe>(decode_recipe(recipe))) {}

ArchiveRebuilder::~ArchiveRebuilder() = default;

std::vector<OriginalFile> ArchiveRebuilder::files() const {
  std::vector<OriginalFile> out;
  for (const RecipeFile& one : recipe_->files) out.push_back(one.file);
  return out;
}

void ArchiveRebuilder::rebuild(size_t file, const ReadStored& read, const std::function<void(ByteView)>& write) const {
  if (file >= recipe_->files.size()) throw Error(ErrorCode::kInvalidArgument, "archive of pg_dump: it has no file number " + std::to_string(file));
  FileRebuilder(*recipe_, recipe_->files[file], read, write).run();
}

std::vector<OriginalFile> archive_files(ByteView recipe) { return ArchiveRebuilder(recipe).files(); }

void rebuild_archive(ByteView recipe, size_t file, const ReadStored& read, const std::function<void(ByteView)>& write) {
  ArchiveRebuilder(recipe).rebuild(file, read, write);
}

}  // namespace cairn
