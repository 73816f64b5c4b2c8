// make_golden FOLDER CORPUS: writes a golden repository of the present format, and seeds for the fuzz targets from it.
// Run once a format:  make_golden tests/golden/format-N tests/fuzz/corpus ; a golden repository that is in git never changes.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "store/backend/local.h"
#include "store/gc/gc_list.h"
#include "store/index/segment.h"
#include "tests/golden/golden_content.h"

namespace cairn {
namespace {

// One frame by hand: a delta, and a suite that sessions of this repository don't use.
PackInfo put_frame(Backend& backend, const Keyring& keys, Suite suite, FrameInfo frame, ByteView packed, const Bytes& chunk) {
  PackWriter writer(backend, keys, ObjectType::kDataPack, suite);
  frame.number = writer.reserve();
  frame.plain_bytes = static_cast<uint32_t>(chunk.size());
  writer.append(frame, writer.seal_frame(frame, packed), {{keys.chunk_id(chunk), frame.plain_bytes}});
  return writer.finish();
}

void seed(const std::string& corpus, const std::string& target, const std::string& name, const Bytes& prefix, ByteView bytes) {
  std::filesystem::create_directories(corpus + "/" + target);
  std::ofstream out(corpus + "/" + target + "/" + name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(prefix.data()), static_cast<std::streamsize>(prefix.size()));
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void write_seeds(Repository& repository, const std::string& corpus) {
  Backend& backend = repository.backend();
  const Keyring& keys = repository.keys();
  for (const StoredFile& file : backend.list("")) {
    Buffer bytes = read_whole(backend, file.name, 1 << 20);
    std::string kind = file.name.substr(0, file.name.find('/'));
    seed(corpus, "header", kind, {static_cast<uint8_t>(bytes.data()[10] - 1)}, bytes.view().first(std::min<size_t>(bytes.size(), 1000)));
    ByteView body = bytes.view().first(bytes.size() - kTrailerBytes);
    if (kind == "config") seed(corpus, "keys", "config", {0}, body);
    if (kind == "keys") seed(corpus, "keys", "slot", {3}, body);
    if (kind == "index") {
      auto id = *id_in_name<SegmentId>(file.name);
      seed(corpus, "segment", "segment-" + id.hex().substr(0, 4), {},
           SealedFile::decode(bytes, ObjectType::kSegment, id.view(), keys, keys.index_key, file.name, 1 << 20).content);
    }
    if (kind == "packs") {
      PackInfo pack = parse_pack(bytes, keys, *id_in_name<PackId>(file.name));
      auto kib = static_cast<uint32_t>(pack.size_bytes >> 10);
      pack.key_box = {};   // the target knows no other
      seed(corpus, "pack_directory", "pack-" + pack.id.hex().substr(0, 4), {static_cast<uint8_t>(kib), static_cast<uint8_t>(kib >> 8)}, pack.encode_body());
    }
  }
  seed(corpus, "keys", "keyring", {1}, keys.encode());
  seed(corpus, "keys", "certificate", {2}, keys.certificate.encode());
  ChunkReader reader(backend, keys, repository.index(), 1 << 20);
  int number = 0;
  for (uint32_t p = 0; p < repository.index().pack_numbers(); ++p) {
    PackInfo pack = repository.index().pack(p);
    if (pack.type != ObjectType::kTreePack) continue;
    for (const ChunkInfo& chunk : read_directory(backend, keys, pack.id, pack.size_bytes).chunks)
      seed(corpus, "tree", "object-" + std::to_string(number++), {}, reader.chunk(chunk.id));
  }
  DirectoryChild directory_children[] = {{ChunkId{{1}}, 3, "a"}, {ChunkId{{2}}, 300, "b"}};
  seed(corpus, "tree", "directory-branch", {}, encode_directory_branch(directory_children));
  ChunkListChild list_children[] = {{ChunkId{{1}}, 3}, {ChunkId{{2}}, 300}};
  seed(corpus, "tree", "chunk-list-branch", {}, encode_chunk_list_branch(list_children));
  for (const Manifest& m : repository.snapshots()) seed(corpus, "manifest", "snapshot-" + std::to_string(m.sequence), {}, m.encode_content());
}

void make(const std::string& folder, const std::string& corpus) {
  std::unique_ptr<Backend> backend = open_local(folder);
  TempDir cache;
  Repository::init(*backend, kGoldenPassword, cheap_options(Suite::kXChaCha20Poly1305));
  Repository repository(*backend, kGoldenPassword, cache / "cache");
  for (int snapshot : {1, 2}) {
    TestBackup backup(repository);
    Manifest manifest = backup.manifest_of(golden_files(snapshot), 1'700'000'000'000'000'000 + snapshot);
    manifest.sequence = static_cast<uint64_t>(snapshot);
    manifest.user = "somebody";
    manifest.tags = {"golden", "number " + std::to_string(snapshot)};
    manifest.users[1000] = "somebody";
    manifest.components[0].properties["note"] = "made once, read for ever";
    if (snapshot == 2) backup.add_chunk(golden_delta_base());
    backup.builder().flush();
    backup.session().commit(manifest);
  }
  const Keyring& keys = repository.keys();
  Buffer packed;
  Compressor(3).compress_delta(golden_delta_chunk(), golden_delta_base(), packed);
  FrameInfo delta;
  delta.codec = Codec::kZstdDelta;
  delta.bases = {keys.chunk_id(golden_delta_base())};
  PackInfo packs[] = {put_frame(*backend, keys, Suite::kXChaCha20Poly1305, delta, packed, golden_delta_chunk()),
                      put_frame(*backend, keys, Suite::kAes256Gcm, {}, golden_aes_chunk(), golden_aes_chunk())};
  auto id = random_id<SegmentId>();
  put(*backend, segment_name(id), encode_segment(id, keys, packs));
  GcList list;
  list.generation = 1;
  list.created_ns = 1;
  put(*backend, gc_list_name(1), list.encode(keys));
  Repository finished(*backend, kGoldenPassword, cache / "cache2");
  write_seeds(finished, corpus);
}

}  // namespace
}  // namespace cairn

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: make_golden FOLDER CORPUS\n", stderr), 2;
  cairn::make(argv[1], argv[2]);
  return 0;
}
