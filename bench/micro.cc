// What the kernels cost, one operation a benchmark, on one thread and on two at once (for the scaling of the two cores):
//
//   memcpy            1 MiB copied: the limit of everything else
//   chunk_fine        cut points of random bytes at 16 KiB, chunk_normal at 64 KiB, chunk_coarse at 1 MiB
//   hash_1m           one keyed BLAKE3 of 1 MiB, hash_64k of 64 KiB, hash_4k of 4 KiB (too short to fill the lanes)
//   hash_many_4k      16 inputs of 4 KiB side by side, hash_many_mixed 64 inputs of 200 B to 16 KiB
//   hash_incremental  1 MiB through Blake3::update in pieces of 64 KiB
//
// and, with the processor's time of all threads ("CPU") as the measure, what looking into streams costs, without storing anything:
//
//   rdb_sort_100      an RDB file of keys of 100 bytes (240 MB in all), read, sorted and handed out; likewise 250, 1000
//   json_scan         a document of users with tokens (64 MB), checked and told of to nobody; json_parts: with its parts
//
// and what the index of 1,000,000 chunks costs (bench/micro_index.cc):
//
//   index_from_segments   made from nothing, as on a new machine; index_from_packs: when all segments are lost
//   index_reopened        compared with the repository, as every command does; index_repaired: new segments from the packs
//
// Run one:  micro --benchmark_filter=hash
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <random>

#include "bench/micro_index.h"
#include "chunker/chunker.h"
#include "ingest/document/document_source.h"
#include "ingest/document/json_scanner.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/rdb_source.h"
#include "store/crypto/blake3.h"

namespace cairn {
namespace {

Bytes random_bytes(size_t size_bytes) {
  std::mt19937_64 random(1);
  Bytes bytes(size_bytes);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

void count_bytes(benchmark::State& state, size_t bytes_per_iteration) {
  state.SetBytesProcessed(static_cast<int64_t>(bytes_per_iteration) * static_cast<int64_t>(state.iterations()));
}

void copy(benchmark::State& state) {
  const Bytes from = random_bytes(1 << 20);
  Bytes to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, from.size());
}

void chunk(benchmark::State& state, ChunkSize size) {
  std::array<uint64_t, 256> table;
  std::mt19937_64 random(2);
  for (uint64_t& word : table) word = random();
  const ChunkerParams params(table, ChunkerSizes{});
  const Bytes bytes = random_bytes(64 << 20);
  std::vector<uint32_t> lengths;
  for (auto _ : state) {
    Chunker chunker(params, size);
    lengths.clear();
    for (size_t at = 0; at < bytes.size(); at += 1 << 20) chunker.scan(ByteView(bytes).subspan(at, 1 << 20), lengths);
    benchmark::DoNotOptimize(lengths.data());
  }
  count_bytes(state, bytes.size());
  state.SetLabel("mean " + std::to_string(bytes.size() / lengths.size()) + " bytes");
}

void hash_one(benchmark::State& state, size_t size_bytes) {
  const Bytes bytes = random_bytes(size_bytes);
  for (auto _ : state) benchmark::DoNotOptimize(blake3_keyed(Blake3Key{}, bytes));
  count_bytes(state, size_bytes);
}

void hash_incremental(benchmark::State& state) {
  const Bytes bytes = random_bytes(1 << 20);
  for (auto _ : state) {
    Blake3 hash;
    for (size_t at = 0; at < bytes.size(); at += 64 << 10) hash.update(ByteView(bytes).subspan(at, 64 << 10));
    benchmark::DoNotOptimize(hash.finish());
  }
  count_bytes(state, bytes.size());
}

void hash_many(benchmark::State& state, std::vector<size_t> sizes) {
  size_t total = 0;
  for (size_t size : sizes) total += size;
  const Bytes bytes = random_bytes(total);
  std::vector<ByteView> inputs;
  ByteView rest = bytes;
  for (size_t size : sizes) {
    inputs.push_back(rest.first(size));
    rest = rest.subspan(size);
  }
  std::vector<Blake3Hash> hashes(inputs.size());
  for (auto _ : state) {
    blake3_keyed_many(Blake3Key{}, inputs, hashes);
    benchmark::DoNotOptimize(hashes.data());
  }
  count_bytes(state, total);
}

// Sizes from 200 B to 16 KiB, evenly spread over their logarithm as small files are.
std::vector<size_t> mixed_sizes() {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> exponent(std::log2(200.0), 14.0);
  std::vector<size_t> sizes(64);
  for (size_t& size : sizes) size = static_cast<size_t>(std::exp2(exponent(random)));
  return sizes;
}

// Reads all of a source that finds parts, and its parts.
void drain(PartedSource& source, Bytes& buffer) {
  std::vector<Mark> marks;
  while (source.read(buffer) > 0) {
    marks.clear();
    source.take_marks(marks);
  }
  StreamParts parts = source.parts();
  for (Part part; parts.sorted_parts && parts.sorted_parts->next(part);) benchmark::DoNotOptimize(part.name.data());
}

std::function<size_t(std::span<uint8_t>)> reader_of(const std::string& bytes) {
  return [&bytes, at = size_t{0}](std::span<uint8_t> into) mutable {
    const size_t now = std::min(into.size(), bytes.size() - at);
    std::memcpy(into.data(), bytes.data() + at, now);
    at += now;
    return now;
  };
}

void rdb_sort(benchmark::State& state, size_t record_bytes) {
  constexpr size_t kFileBytes = 240'000'000;
  std::string file;
  std::mt19937_64 random(3);
  RdbWriter writer(RdbFlavor::kRedis, 10, [&](ByteView bytes) { file += text(bytes); });
  const Bytes value = random_bytes(record_bytes - 26);
  for (size_t i = 0; i < kFileBytes / record_bytes; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "session:%012llx", static_cast<unsigned long long>(random() >> 16));
    writer.key(0, name, 0, std::nullopt);
    const size_t size = value.size() - 2;
    const uint8_t head[] = {static_cast<uint8_t>(0x40 | size >> 8), static_cast<uint8_t>(size)};   // a length of 14 bits
    writer.value(head);
    writer.value(ByteView(value).first(size));
  }
  writer.finish();
  Bytes buffer(1 << 20);
  for (auto _ : state) {
    auto source = make_rdb_source(reader_of(file));
    drain(*source, buffer);
  }
  count_bytes(state, file.size());
}

std::string users() {
  std::string out = "{\"Users\":[";
  for (size_t i = 0; out.size() < 64'000'000; ++i) {
    const std::string number = std::to_string(i), id = "0197a0c2-" + number;
    out += std::string(i ? "," : "") + "{\"User\":{\"user_id\":\"" + id + "\",\"username\":\"user" + number + "\",\"email\":\"u" + number +
           "@example.org\",\"password\":\"$2a$10$" + std::string(53, 'x') + "\",\"ssh_public_key\":\"" + std::string(100, 'A') +
           "\",\"roles\":[\"a\",\"b\"],\"groups\":null,\"active\":true,\"preferences\":{},\"updated_at\":48293012345678849},"
           "\"Tokens\":[{\"token_id\":\"" + id + "\",\"name\":\"cli\",\"updated_at\":48293012345678853}],\"Spaces\":null}";
  }
  return out + "]}";
}

class Nobody : public JsonEvents {
 public:
  void begin(Kind, uint64_t) override {}
  void end(Kind, uint64_t) override {}
  void name(std::string_view, uint64_t) override {}
  void scalar(Kind, std::string_view, uint64_t, uint64_t) override {}
};

void json_scan(benchmark::State& state) {
  const std::string text = users();
  for (auto _ : state) {
    Nobody nobody;
    JsonScanner scanner(nobody);
    for (size_t at = 0; at < text.size(); at += 1 << 20) scanner.scan(view(text).subspan(at, std::min(text.size() - at, size_t{1} << 20)));
    scanner.finish();
    if (scanner.failed()) state.SkipWithError(scanner.why_failed().c_str());
  }
  count_bytes(state, text.size());
}

void json_parts(benchmark::State& state) {
  const std::string text = users();
  Bytes buffer(1 << 20);
  for (auto _ : state) {
    auto source = make_document_source(reader_of(text), {});
    drain(*source, buffer);
  }
  count_bytes(state, text.size());
}

void register_all() {
  auto add = [](const char* name, auto operation, auto... arguments) {
    benchmark::RegisterBenchmark(name, operation, arguments...)->ThreadRange(1, 2)->UseRealTime();
  };
  add("memcpy", copy);
  add("chunk_fine", chunk, ChunkSize::kFine);
  add("chunk_normal", chunk, ChunkSize::kNormal);
  add("chunk_coarse", chunk, ChunkSize::kCoarse);
  add("hash_1m", hash_one, size_t{1} << 20);
  add("hash_64k", hash_one, size_t{64} << 10);
  add("hash_4k", hash_one, size_t{4} << 10);
  add("hash_many_4k", hash_many, std::vector<size_t>(16, 4 << 10));
  add("hash_many_mixed", hash_many, mixed_sizes());
  add("hash_incremental", hash_incremental);
  auto add_source = [](const char* name, auto operation, auto... arguments) {
    benchmark::RegisterBenchmark(name, operation, arguments...)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
  };
  add_source("rdb_sort_100", rdb_sort, size_t{100});
  add_source("rdb_sort_250", rdb_sort, size_t{250});
  add_source("rdb_sort_1000", rdb_sort, size_t{1000});
  add_source("json_scan", json_scan);
  add_source("json_parts", json_parts);
}

}  // namespace
}  // namespace cairn

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("blake3", std::string(cairn::blake3_implementation()));
  cairn::register_all();
  cairn::register_index_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
}
