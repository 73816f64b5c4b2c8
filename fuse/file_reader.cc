#include "fuse/file_reader.h"

#include <algorithm>

#include "store/read/content_reader.h"

namespace cairn {

namespace {

constexpr size_t kFilesBytes = 8 << 20;     // of what is known of long files read lately
constexpr uint64_t kAhead = 3;              // blocks
constexpr size_t kMostWanted = 16;          // blocks that wait to be decoded

}  // namespace

FileReader::FileReader(ReaderPool& readers, size_t block_bytes, size_t threads)
    : readers_(readers), files_(kFilesBytes), blocks_(block_bytes) {
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
    Wanted wanted = std::move(wanted_.front());
    wanted_.pop_front();
    lock.unlock();
    try {
      block(*wanted.file, wanted.block);
    } catch (const std::exception&) {
      // Whoever reads there meets it too, and says so.
    }
    {
      const Files::Pin done = std::move(wanted.file);   // given back without the lock
    }
    lock.lock();
  }
}

void FileReader::read_ahead(NodeId id, uint64_t number, const std::function<Files::Pin()>& pin) {
  const BlockKey key{id, number};
  if (blocks_.has(key)) return;
  Wanted wanted{pin(), key};
  {
    std::lock_guard lock(mu_);
    if (ending_ || wanted_.size() >= kMostWanted) return;
    wanted_.push_back(std::move(wanted));
  }
  wake_.notify_one();
}

void FileReader::read_short(const Content& content, uint64_t size_bytes, uint64_t offset, size_t size, const Reply& reply) {
  if (offset >= size_bytes || size == 0) return reply({});
  const auto length = static_cast<size_t>(std::min<uint64_t>(size, size_bytes - offset));
  if (content.kind == Content::Kind::kInline && content.inline_bytes.size() == size_bytes)
    return reply(ByteView(content.inline_bytes).subspan(static_cast<size_t>(offset), length));
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
