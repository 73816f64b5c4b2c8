// The tar container (pg_dump -Ft) behind its table of contents: a member for each entry's data, never compressed.
#include <charconv>
#include <limits>

#include "ingest/postgres/archive/block.h"
#include "ingest/postgres/archive/tar_header.h"

namespace cairn {

namespace {

constexpr size_t kTarPieceBytes = 64 << 10;

// The oid in "blob_4242.dat".
std::optional<uint32_t> object_number(std::string_view name) {
  static constexpr std::string_view kBegin = "blob_", kEnd = ".dat";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() <= kBegin.size() + kEnd.size()) return std::nullopt;
  name = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  uint32_t oid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), oid);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return oid;
}

class TarContainer : public Container {
 public:
  TarContainer(ArchiveJob& job, Input& in, uint64_t toc_bytes)
      : job_(job), in_(in), left_(toc_bytes - (job.head_bytes - kTarBlockBytes)), padding_(tar_padding(toc_bytes)) {
    for (const TocEntry& entry : job.toc.entries) {
      if (entry.has_data && !entry.file.empty() && !Renderer::holds_large_objects(entry)) by_file_.emplace(entry.file, &entry);
    }
  }

  bool step() override {
    switch (state_) {
      case State::kHeader: read_header(); return true;
      case State::kMember: read_member(); return true;
      case State::kPadding: read_padding(); return true;
      case State::kFinish: finish(); return true;
      case State::kRest: return read_rest();
    }
    return false;
  }

 private:
  enum class State { kHeader, kMember, kPadding, kFinish, kRest };

  void read_header() {
    const ByteView bytes = in_.peek(kTarBlockBytes);
    if (bytes.size() < kTarBlockBytes) return give_up("it breaks off");
    if (tar_end(bytes)) return give_up("");
    const auto header = parse_tar_header(bytes.first(kTarBlockBytes));
    if (!header) return give_up("what follows isn't a member of a tar");
    if (header->regular && !begin_member(header->name)) return;   // once more, when there is room
    job_.verbatim(in_, kTarBlockBytes);
    // What the member's data goes into begins behind the header.
    if (open_table_) {
      block_.emplace(job_, PackCodec::kNone, false, PlainSource::Form::kText, [this](ByteView rows) { job_.render.data(rows); });
    } else if (open_object_) {
      block_.emplace(job_, PackCodec::kNone, false, job_.render.large_object_form(),
                     [this](ByteView data) { job_.render.large_object_data(data); });
    }
    left_ = header->size_bytes;
    padding_ = tar_padding(left_);
    state_ = State::kMember;
  }

  // Finds what a member is.  False: the rendering has no room for it yet.
  bool begin_member(const std::string& name) {
    const auto oid = object_number(name);
    const bool list = name.starts_with("blobs") && name.ends_with(".toc");   // of the large objects before it
    if (oid || list) {
      if (!group_ && !begin_group()) return false;
      if (list) end_group();
      if (oid && group_) job_.render.begin_large_object(*oid);
      open_object_ = oid && group_;
      return true;
    }
    const auto found = by_file_.find(name);
    if (found == by_file_.end() || job_.render.arrived(*found->second)) return true;
    end_group();
    if (!job_.render.ready(*found->second)) return false;
    open_table_ = found->second;
    job_.render.begin_data(*open_table_);
    return true;
  }

  // Large objects come before the list that would tell which entry's they are: the next one's.
  bool begin_group() {
    const TocEntry* entry = next_group();
    if (entry && !job_.render.ready(*entry)) return false;
    if (entry) job_.render.begin_large_objects(*entry);
    group_ = entry;
    return true;
  }

  const TocEntry* next_group() {
    for (; groups_at_ < job_.toc.entries.size(); ++groups_at_) {
      const TocEntry& entry = job_.toc.entries[groups_at_];
      if (entry.has_data && Renderer::holds_large_objects(entry) && !job_.render.arrived(entry)) return &entry;
    }
    return nullptr;
  }

  void read_member() {
    const size_t have = in_.peek(1).size();
    const size_t size = static_cast<size_t>(std::min<uint64_t>({have, left_, kTarPieceBytes}));
    if (size == 0) {
      if (left_ > 0) job_.trouble("it breaks off within " + (open_table_ ? data_of(*open_table_) : group_ ? data_of(*group_) : "a member"));
      end_member();
      return;
    }
    if (block_) {
      block_->payload(in_.peek(1).first(size));
      in_.skip(size);
    } else {
      job_.verbatim(in_, size);
    }
    left_ -= size;
  }

  void end_member() {
    if (block_) {
      block_->end();
      block_.reset();
      if (open_object_) {
        job_.render.end_large_object();
      } else {
        if (!job_.render.end_data()) job_.trouble(data_of(*open_table_) + " breaks off");
      }
    }
    open_table_ = nullptr;
    open_object_ = false;
    state_ = State::kPadding;
  }

  void read_padding() {
    const size_t size = std::min(in_.peek(padding_).size(), padding_);
    job_.verbatim(in_, size);
    state_ = State::kHeader;
  }

  void end_group() {
    if (group_) job_.render.end_large_objects();
    group_ = nullptr;
  }

  // Nothing of interest follows; `why`: a problem, or "".
  void give_up(const std::string& why) {
    end_group();
    if (!why.empty()) job_.trouble(why);
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
  State state_ = State::kMember;           // the rest of toc.dat
  uint64_t left_;                          // of the member
  size_t padding_;                         // behind it
  std::map<std::string, const TocEntry*> by_file_;
  size_t groups_at_ = 0;                   // no large objects are to come before this entry
  const TocEntry* group_ = nullptr;        // the large objects that are open
  const TocEntry* open_table_ = nullptr;   // what the member is: rows,
  bool open_object_ = false;               // or a large object, or neither
  std::optional<Block> block_;
};

}  // namespace

std::unique_ptr<Container> make_tar_container(ArchiveJob& job, Input& in, uint64_t toc_bytes) {
  return std::make_unique<TarContainer>(job, in, toc_bytes);
}

}  // namespace cairn
