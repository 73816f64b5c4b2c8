#include "fuse/file_reader.h"

#include <algorithm>

#include "store/read/content_reader.h"

namespace cairn {

namespace {

constexpr size_t kFilesBytes = 8 << 20;     // of what is known of long files read lately
constexpr size_t kFramesBytes = 8 << 20;    // that short files are in: eight of a tree
constexpr uint32_t kFramesAhead = 2;
constexpr uint64_t kAhead = 2;              // blocks
constexpr size_t kMostWanted = 16;          // blocks and frames that wait to be decoded

}  // namespace

FileReader::FileReader(ReaderPool& readers, size_t block_bytes, size_t threads)
    : readers_(readers), files_(kFilesBytes), blocks_(block_bytes), frames_(kFramesBytes) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

FileReader::~FileReader() {
  {
    std::lock_guard lock(mu_);
    ending_ = true;
    wanted_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

FileReader::Blocks::Pin FileReader::block(OpenedFile& file, const BlockKey& key) {
  return blocks_.get(key, [&]() -> Blocks::Loaded {
    const uint64_t begin = key.number * kBlockBytes;
    Buffer bytes(static_cast<size_t>(std::min(kBlockBytes, file.size_bytes() - begin)));
    file.read(*readers_.lease(), begin, bytes.span());
    const size_t size = bytes.size();
    return {std::make_unique<Buffer>(std::move(bytes)), size};
  });
}

void FileReader::run() {
  std::unique_lock lock(mu_);
  for (;;) {
    wake_.wait(lock, [&] { return ending_ || !wanted_.empty(); });
    if (ending_) return;
    std::optional<Wanted> wanted(std::move(wanted_.front()));
    wanted_.pop_front();
    lock.unlock();
    try {
      if (wanted->file) block(**wanted->file, wanted->block);
      else frame(wanted->frame);
    } catch (const std::exception&) {
      // Whoever reads there meets it too, and says so.
    }
    wanted.reset();   // the file is given back without the lock
    lock.lock();
  }
}

void FileReader::read_ahead(NodeId id, uint64_t number, const std::function<Files::Pin()>& pin) {
  const BlockKey key{id, number};
  if (blocks_.has(key)) return;
  ask_for({pin(), key, {}});
}

void FileReader::ask_for(Wanted wanted) {
  {
    std::lock_guard lock(mu_);
    if (ending_ || wanted_.size() >= kMostWanted) return;
    wanted_.push_back(std::move(wanted));
  }
  wake_.notify_one();
}

FileReader::Frames::Pin FileReader::frame(const FrameKey& key) {
  return frames_.get(key, [&]() -> Frames::Loaded {
    Location at;
    at.pack = key.pack;
    at.frame = key.number;
    auto bytes = std::make_unique<Buffer>(readers_.lease()->open_frame(at));
    const size_t size = bytes->size();
    return {std::move(bytes), size};
  });
}

// Who comes to a frame a little after the furthest one read in its pack goes on, it seems: those after it are opened, too.  A little: files
// of neighbouring frames take turns when several threads stored them.
void FileReader::open_ahead(const FrameKey& read) {
  {
    std::lock_guard lock(mu_);
    const auto before = std::ranges::find_if(lately_, [&](const FrameKey& key) { return key.index_epoch == read.index_epoch && key.pack == read.pack; });
    const bool known = before != lately_.end();
    FrameKey& furthest = known ? *before : lately_[oldest_++ % lately_.size()];
    const int64_t step = known ? int64_t{read.number} - furthest.number : INT64_MIN;
    if (step <= 0 && step >= -int64_t{kFramesAhead}) return;   // there already
    furthest = read;
    if (step < 0 || step > kFramesAhead) return;               // begun anew elsewhere
  }
  FrameKey next = read;
  for (size_t i = 0; i < kFramesAhead; ++i) {
    ++next.number;
    if (!frames_.has(next)) ask_for({std::nullopt, {}, next});
  }
}

// Calls use(bytes) with a verified chunk.  False, and nothing is called, when it can't be had there: others know where else, or say why.
bool FileReader::with_chunk(const ChunkRef& ref, const Reply& use) {
  const Index& index = readers_.open_index();
  const uint64_t epoch = index.epoch();
  const auto at = ref.is_zeros() ? std::nullopt : index.find(ref.id);
  if (!at || at->length_bytes != ref.length_bytes) return false;
  const FrameKey key{epoch, at->pack, at->frame};
  std::optional<Frames::Pin> opened;
  try {
    opened.emplace(frame(key));
  } catch (const Error&) {
    return false;
  }
  const Buffer& plain = **opened;
  if (uint64_t{at->offset_bytes} + at->length_bytes > plain.size()) return false;
  const ByteView bytes = plain.view().subspan(at->offset_bytes, at->length_bytes);
  if (readers_.repository().keys().chunk_id(bytes) != ref.id) return false;
  use(bytes);
  open_ahead(key);
  return true;
}

// False, and nothing was replied, when something is wrong with it or it isn't a few chunks.
bool FileReader::read_chunks(const Content& content, uint64_t offset, size_t length, const Reply& reply) {
  if (content.kind != Content::Kind::kChunks) return false;
  const uint64_t end = offset + length;
  Buffer together;
  uint64_t begin = 0;   // of the chunk
  for (const ChunkRef& ref : content.chunks) {
    const uint64_t from = std::max(begin, offset), to = std::min(begin + ref.length_bytes, end), skip = from - begin;
    begin += ref.length_bytes;
    if (from >= to) continue;
    const bool all = to - from == length;
    if (!all && together.size() == 0) together = Buffer(length);
    const auto use = [&](ByteView chunk) {
      const ByteView part = chunk.subspan(static_cast<size_t>(skip), static_cast<size_t>(to - from));
      if (all) reply(part);
      else std::memcpy(together.data() + (from - offset), part.data(), part.size());
    };
    if (!with_chunk(ref, use)) return false;
    if (all) return true;
  }
  if (begin < end) return false;
  reply(together);
  return true;
}

void FileReader::read_short(const Content& content, uint64_t size_bytes, uint64_t offset, size_t size, const Reply& reply) {
  if (offset >= size_bytes || size == 0) return reply({});
  const auto length = static_cast<size_t>(std::min<uint64_t>(size, size_bytes - offset));
  if (content.kind == Content::Kind::kInline && content.inline_bytes.size() == size_bytes)
    return reply(ByteView(content.inline_bytes).subspan(static_cast<size_t>(offset), length));
  if (read_chunks(content, offset, length, reply)) return;
  Buffer bytes(length);
  PiecewiseFile(content, size_bytes).read(*readers_.lease(), offset, bytes.span());
  reply(bytes);
}

void FileReader::read(NodeId id, uint64_t offset, size_t size, const std::function<std::unique_ptr<OpenedFile>()>& open,
                      const Reply& reply) {
  const auto pin = [&] {
    return files_.get(id, [&]() -> Files::Loaded {
      auto file = open();
      const size_t bytes = file->memory_bytes();
      return {std::move(file), bytes};
    });
  };
  const Files::Pin file = pin();
  try {
    read(id, *file, offset, size, pin, reply);
  } catch (...) {
    files_.drop(id);   // whatever is wrong with it: the next one begins anew
    throw;
  }
}

void FileReader::read(NodeId id, OpenedFile& file, uint64_t offset, size_t size, const std::function<Files::Pin()>& pin, const Reply& reply) {
  if (offset >= file.size_bytes() || size == 0) return reply({});
  const auto length = static_cast<size_t>(std::min<uint64_t>(size, file.size_bytes() - offset));
  const uint64_t first = offset / kBlockBytes, last = (offset + length - 1) / kBlockBytes;
  const bool whole = file.reads_ahead() && (file.goes_on(offset, length) || blocks_.has({id, first}));
  if (!whole || last - first > 1) {
    Buffer bytes(length);
    file.read(*readers_.lease(), offset, bytes.span());
    return reply(bytes);
  }
  const uint64_t count = (file.size_bytes() + kBlockBytes - 1) / kBlockBytes;
  const auto [begin, end] = file.blocks_ahead(last, kAhead, count);
  for (uint64_t number = begin; number < end; ++number) read_ahead(id, number, pin);
  const Blocks::Pin here = block(file, {id, first});
  const auto skip = static_cast<size_t>(offset - first * kBlockBytes);
  if (first == last) return reply(here->view().subspan(skip, length));
  const Blocks::Pin there = block(file, {id, last});
  Buffer bytes(length);
  const size_t head = here->size() - skip;
  std::memcpy(bytes.data(), here->data() + skip, head);
  std::memcpy(bytes.data() + head, there->data(), length - head);
  reply(bytes);
}

}  // namespace cairn
