// What it costs to find out where 1,000,000 chunks are; named index_* in bench/micro.cc.
//
// The packs are made for it: 4,096 chunks each, in frames of 64, of random ids and no content, in memory.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "bench/micro_index.h"
#include "store/backend/memory.h"
#include "store/index/segment.h"
#include "store/pack/pack_file.h"
#include "store/repair/repair_index.h"
#include "store/repository.h"

namespace cairn {
namespace {

constexpr size_t kChunks = 1'000'000, kChunksInPack = 4096, kChunksInFrame = 64, kChunksInSegment = 128 << 10;
constexpr uint32_t kChunkBytes = 16 << 10;
constexpr std::string_view kPassword = "bench";

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("cairn-bench-" + random_id<PackId>().hex().substr(0, 16))) {}
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string next() { return path_ / std::to_string(++caches_); }

 private:
  std::filesystem::path path_;
  int caches_ = 0;
};

PackInfo make_pack(Backend& backend, const Keyring& keys, size_t chunks) {
  PackWriter writer(backend, keys, ObjectType::kDataPack, best_suite());
  const Bytes packed(100);
  for (size_t at = 0; at < chunks; at += kChunksInFrame) {
    std::vector<ChunkInfo> in_frame(std::min(kChunksInFrame, chunks - at));
    for (ChunkInfo& chunk : in_frame) chunk = {random_id<ChunkId>(), kChunkBytes};
    FrameInfo frame;
    frame.number = writer.reserve();
    frame.plain_bytes = static_cast<uint32_t>(in_frame.size()) * kChunkBytes;
    frame.codec = Codec::kZstd;
    const Buffer sealed = writer.seal_frame(frame, packed);
    writer.append(frame, sealed, std::move(in_frame));
  }
  return writer.finish();
}

// Made once: a repository of packs alone, and the same with segments.
struct Store {
  MemoryBackend packs, segments;
  Store() {
    InitOptions options;
    options.kdf.operations = 1;
    options.kdf.memory_kib = 8 << 10;
    Repository::init(packs, kPassword, options);
    Folder folder;
    Repository repository(packs, kPassword, folder.next());
    const Keyring& keys = repository.keys();
    std::vector<PackInfo> of_segment;
    std::vector<std::pair<std::string, Bytes>> made;
    size_t in_segment = 0;
    auto close = [&] {
      auto id = random_id<SegmentId>();
      made.emplace_back(segment_name(id), encode_segment(id, keys, of_segment));
      of_segment.clear();
      in_segment = 0;
    };
    for (size_t at = 0; at < kChunks; at += kChunksInPack) {
      of_segment.push_back(make_pack(packs, keys, std::min(kChunksInPack, kChunks - at)));
      if ((in_segment += of_segment.back().chunks.size()) >= kChunksInSegment) close();
    }
    if (!of_segment.empty()) close();
    for (const auto& [name, bytes] : packs.snapshot()) segments.replace(name, bytes);
    for (const auto& [name, bytes] : made) segments.replace(name, bytes);
  }
};

Store& store() {
  static Store made;
  return made;
}

void count_chunks(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<int64_t>(kChunks) * static_cast<int64_t>(state.iterations()));
}

void index_from(benchmark::State& state, bool segments) {
  Folder folder;
  MemoryBackend& backend = segments ? store().segments : store().packs;
  Repository repository(backend, kPassword, folder.next());
  for (auto _ : state) {
    Index index(backend, repository.keys(), folder.next());
    if (index.adopted().empty() != segments || index.pack_count() == 0) state.SkipWithError("not the index that was meant");
  }
  count_chunks(state);
}

void index_reopened(benchmark::State& state) {
  Folder folder;
  Repository repository(store().segments, kPassword, folder.next());
  const std::string cache = folder.next();
  { const Index made(store().segments, repository.keys(), cache); }
  for (auto _ : state) benchmark::DoNotOptimize(Index(store().segments, repository.keys(), cache).pack_count());
  count_chunks(state);
}

void index_repaired(benchmark::State& state) {
  Folder folder;
  for (auto _ : state) {
    state.PauseTiming();
    MemoryBackend backend(store().packs.snapshot());
    Repository repository(backend, kPassword, folder.next());
    CheckProgress progress;
    state.ResumeTiming();
    if (repair_index(repository, {}, progress).chunks_added != kChunks) state.SkipWithError("chunks are missing");
  }
  count_chunks(state);
}

}  // namespace

void register_index_benchmarks() {
  auto add = [](const char* name, auto operation, auto... arguments) {
    benchmark::RegisterBenchmark(name, operation, arguments...)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
  };
  add("index_from_segments", index_from, true);
  add("index_from_packs", index_from, false);
  add("index_reopened", index_reopened);
  add("index_repaired", index_repaired);
}

}  // namespace cairn
