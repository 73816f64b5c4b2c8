#include <algorithm>

#include "store/gc/gc_list.h"
#include "store/index/segment.h"
#include "store/inspect/inspect.h"
#include "store/lease/lease.h"
#include "store/pack/pack_file.h"
#include "store/prune/reserve.h"

namespace cairn {

namespace {

constexpr size_t kAuthorBytes = Certificate::kBytes + kSignatureBytes + kTrailerBytes;   // at the end of a sealed file

std::string type_name(uint8_t type) {
  constexpr const char* kNames[] = {"", "config", "key slot", "data pack", "tree pack", "index segment", "snapshot", "lease", "gc list", "notes", "reserve"};
  return type >= 1 && type < std::size(kNames) ? kNames[type] : "unknown (" + std::to_string(type) + ")";
}

std::string suite_name(Suite suite) {
  if (suite == Suite::kAes256Gcm) return "AES-256-GCM";
  return suite == Suite::kXChaCha20Poly1305 ? "XChaCha20-Poly1305" : "unknown (" + std::to_string(static_cast<int>(suite)) + ")";
}

std::string codec_name(Codec codec) {
  switch (codec) {
    case Codec::kRaw: return "raw";
    case Codec::kZstd: return "zstd";
    case Codec::kZstdDelta: return "zstd, delta";
  }
  return "unknown";
}

// The 80 bytes that every file begins with, whatever they say.
void show_header(ByteView file, Shown& to) {
  Decoder in(file, "header");
  Shown& header = to.add("header", text(in.raw(kMagic.size())) == kMagic ? "" : "not that of a file of cairn");
  header.add("version", uint64_t{in.u16()});
  header.add("type", type_name(in.u8()));
  header.add("suite", suite_name(static_cast<Suite>(in.u8())));
  in.u32();
  header.add("repository", to_hex(in.raw(32)));
  header.add("id", to_hex(in.raw(32)));
}

void show_certificate(const Certificate& certificate, const Keyring& keys, Shown& to) {
  Shown& author = to.add("author", certificate.client().hex());
  author.add("role", role_name(certificate.role));
  author.add_time("certified", certificate.created_ns);
  author.add("certificate", certificate.valid(keys.repository, keys.maintenance_public) ? "valid" : "not this repository's");
}

void show_author(ByteView file, const Keyring& keys, std::string_view name, Shown& to) {
  if (file.size() < kHeaderBytes + kAuthorBytes) return;
  show_certificate(Certificate::decode(file.subspan(file.size() - kAuthorBytes, Certificate::kBytes), name), keys, to);
}

void show_pack(const PackInfo& pack, const Keyring& keys, bool with_chunks, Shown& to) {
  show_certificate(pack.author, keys, to);
  to.add("key box hash", to_hex(blake3(pack.key_box)));
  to.add("frames", pack.frames.size());
  to.add("chunks", pack.chunks.size());
  size_t chunk = 0;
  for (const FrameInfo& frame : pack.frames) {
    Shown& one = to.add("frame", uint64_t{frame.number});
    one.add("offset", frame.offset);
    one.add("stored bytes", uint64_t{frame.stored_bytes});
    one.add("plain bytes", uint64_t{frame.plain_bytes});
    one.add("codec", codec_name(frame.codec));
    for (const ChunkId& base : frame.bases) one.add("base", base.hex());
    one.add("chunks", uint64_t{frame.chunk_count});
    for (uint32_t i = 0; with_chunks && i < frame.chunk_count && chunk < pack.chunks.size(); ++i, ++chunk)
      one.add("chunk", pack.chunks[chunk].id.hex()).add("bytes", uint64_t{pack.chunks[chunk].length_bytes});
  }
}

void show_segment(ByteView file, const SegmentId& id, const Keyring& keys, Shown& to) {
  const std::vector<PackInfo> packs = decode_segment(file, id, keys);
  to.add("packs", packs.size());
  for (const PackInfo& pack : packs) {
    Shown& one = to.add("pack", pack_name(pack.id));
    one.add("type", type_name(static_cast<uint8_t>(pack.type)));
    one.add("suite", suite_name(pack.suite));
    one.add("bytes", pack.size_bytes);
    show_pack(pack, keys, false, one);
  }
}

void show_component(const ComponentInfo& component, Shown& to) {
  constexpr const char* kWords[] = {"unknown", "complete", "unverified", "incomplete"};
  const auto completeness = static_cast<size_t>(component.completeness);
  Shown& one = to.add("component", component.name);
  one.add("kind", component_kind_name(component.kind));
  one.add("source", component.source);
  one.add("completeness", kWords[completeness < std::size(kWords) ? completeness : 0]);
  one.add("bytes", component.size_bytes);
  one.add("files", component.file_count);
  one.add("new bytes", component.new_bytes);
  one.add("stored bytes", component.stored_bytes);
  for (const auto& [name, value] : component.properties) one.add("property " + name, value);
  if (!component.catalogue.is_zero()) one.add("catalogue", component.catalogue.hex());
  if (component.transform.empty()) return;
  one.add("transform", component.transform);
  if (component.recipe_list.is_zero()) one.add("recipe bytes", component.transform_recipe.size());
  else one.add("recipe", component.recipe_list.hex()).add("bytes", component.recipe_bytes);
}

void show_manifest(const Manifest& m, Shown& to) {
  to.add_time("time", m.time_ns);
  to.add("host", m.host);
  to.add("user", m.user);
  to.add("program", m.program);
  for (const std::string& tag : m.tags) to.add("tag", tag);
  to.add("root", m.root.hex());
  for (const ComponentInfo& component : m.components) show_component(component, to);
  for (const auto& [number, name] : m.users) to.add("user " + std::to_string(number), name);
  for (const auto& [number, name] : m.groups) to.add("group " + std::to_string(number), name);
  to.add("lease", m.lease.hex());
  to.add("generation", m.generation);
  to.add("sequence", m.sequence);
  if (!m.previous.is_zero()) to.add("previous", m.previous.hex());
  if (!m.origin.is_zero()) to.add("origin", m.origin.hex());
  if (!m.original_author.is_zero()) to.add("original author", m.original_author.hex());
  Shown& stats = to.add("stats", "");
  stats.add("files new", m.stats.files_new);
  stats.add("files changed", m.stats.files_changed);
  stats.add("files unmodified", m.stats.files_unmodified);
  stats.add("files failed", m.stats.files_failed);
  stats.add("bytes read", m.stats.bytes_read);
  stats.add("bytes new", m.stats.bytes_new);
  stats.add("bytes stored", m.stats.bytes_stored);
}

void show_lease(const LeaseRecord& lease, Shown& to) {
  constexpr const char* kKinds[] = {"", "writer", "pruner"};
  constexpr const char* kStates[] = {"", "joining", "active", "closed"};
  to.add("kind", kKinds[static_cast<size_t>(lease.kind)]);
  to.add("state", kStates[static_cast<size_t>(lease.state)]);
  to.add("number", uint64_t{lease.number});
  to.add("generation", lease.generation);
  to.add_time("started", lease.started_ns);
  to.add("host", lease.host);
  to.add("user", lease.user);
  to.add("program", lease.program);
  to.add("process", lease.process);
}

void show_gc_list(const GcList& list, Shown& to) {
  constexpr const char* kKinds[] = {"", "condemned", "revoked", "accepted"};
  to.add("kind", kKinds[static_cast<size_t>(list.kind)]);
  to.add("generation", list.generation);
  to.add_time("created", list.created_ns);
  for (const auto& [id, since] : list.condemned) to.add("condemned", pack_name(id)).add("since generation", since);
  for (const ClientId& id : list.barred_authors) to.add("barred author", id.hex());
  for (const LeaseId& id : list.revoked) to.add("revoked lease", id.hex());
  for (const SnapshotId& id : list.accepted) to.add("accepted snapshot", id.hex());
}

// Before the sealed keys there is only what a password is tried with.
void show_slot(ByteView file, const std::string& name, Shown& to) {
  Decoder in(check_trailer(file, name), name);
  in.raw(kHeaderBytes);
  const uint8_t kind = in.u8();
  to.add("kind", kind == 1 ? "password" : kind == 2 ? "key file" : "unknown (" + std::to_string(kind) + ")");
  to.add("operations", uint64_t{in.u32()});
  to.add("memory KiB", uint64_t{in.u32()});
}

void show_config(ByteView file, Shown& to) {
  const Config config = Config::decode(file);
  to.add("repository", config.repository.hex());
  to.add("suite of new packs", suite_name(config.suite));
  to.add_time("created", config.created_ns);
  to.add("box public key", to_hex(config.box_public));
  to.add("maintenance public key", to_hex(config.maintenance_public));
  to.add("fine chunks", uint64_t{config.sizes.fine_bytes});
  to.add("normal chunks", uint64_t{config.sizes.normal_bytes});
  to.add("coarse chunks", uint64_t{config.sizes.coarse_bytes});
}

template <class AnyId>
AnyId require_id(const std::string& name) {
  const auto id = id_in_name<AnyId>(name);
  if (!id) throw Error(ErrorCode::kInvalidArgument, printable(name) + ": the last element is no id of 64 hexadecimal digits");
  return *id;
}

void show_content(ByteView file, const std::string& name, const Keyring& keys, Shown& to) {
  if (name == kConfigName) return show_config(file, to);
  if (name == kReserveName) return void(check_trailer(file, name));   // nothing but its size
  if (name.starts_with("keys/")) return show_slot(file, name, to);
  show_author(file, keys, name, to);
  if (name.starts_with("index/")) return show_segment(file, require_id<SegmentId>(name), keys, to);
  if (name.starts_with("snapshots/")) return show_manifest(Manifest::decode(file, require_id<SnapshotId>(name), keys), to);
  if (name.starts_with("leases/")) {
    const std::string id = name.substr(0, name.find('.'));
    return show_lease(LeaseRecord::decode(file, require_id<LeaseId>(id), keys, name), to);
  }
  if (const auto list = parse_gc_list_name(name)) return show_gc_list(GcList::decode(file, list->kind, list->generation, keys), to);
  check_trailer(file, name);
}

}  // namespace

Inspection inspect_file(Backend& backend, const Keyring& keys, const std::string& name) {
  Inspection out;
  const uint64_t bytes = backend.size(name);
  out.shown.add("file", name);
  out.shown.add("bytes", bytes);
  try {
    if (bytes < kHeaderBytes) throw Error(ErrorCode::kCorrupt, name + ": only " + std::to_string(bytes) + " bytes long");
    show_header(backend.read(name, 0, kHeaderBytes), out.shown);
    if (name.starts_with("packs/")) show_pack(read_directory(backend, keys, require_id<PackId>(name), bytes), keys, true, out.shown);
    else show_content(read_whole(backend, name, kMostSegmentBytes), name, keys, out.shown);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kIo || e.code() == ErrorCode::kNotFound || e.code() == ErrorCode::kInvalidArgument) throw;
    out.error = e.what();
  }
  return out;
}

}  // namespace cairn
