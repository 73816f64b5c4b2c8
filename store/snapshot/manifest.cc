#include "store/snapshot/manifest.h"

#include <algorithm>

namespace cairn {

namespace {

enum ManifestTag : uint64_t {
  kTime = 1, kHost = 2, kUser = 3, kProgram = 4, kTag = 5, kRoot = 6, kComponent = 7, kOwnerName = 8, kGroupName = 9, kLease = 10,
  kGeneration = 11, kSequence = 12, kPrevious = 13, kStats = 14, kReachableSet = 15,  // 15: kept for prune's set of frames
  kOrigin = 16, kOriginalAuthor = 17
};
enum ComponentTag : uint64_t {
  kName = 1, kKind = 2, kSource = 3, kCompleteness = 4, kSizes = 5, kProperty = 6, kCatalogue = 7, kTransform = 8, kRecipe = 9, kRecipeList = 10
};
constexpr int kMostSeries = 1 << 20;

class FieldWriter {
 public:
  void bytes(uint64_t tag, ByteView value) {
    out_.varint(tag);
    out_.bytes(value);
  }
  void string(uint64_t tag, std::string_view value) { bytes(tag, view(value)); }
  void numbers(uint64_t tag, std::initializer_list<uint64_t> values) {
    Encoder field;
    for (uint64_t value : values) field.varint(value);
    bytes(tag, field.out());
  }
  Bytes take() { return out_.take(); }

 private:
  Encoder out_;
};

// Calls visit(tag, value) for every field.
template <class Visit>
void read_fields(ByteView content, std::string_view name, Visit visit) {
  Decoder in(content, name);
  for (int fields = 0; in.remaining() > 0; ++fields) {
    if (fields > kMostSeries) in.fail("too many fields");
    uint64_t tag = in.varint();
    visit(tag, in.bytes());
  }
}

Bytes pair_of(std::string_view a, std::string_view b) {
  Encoder out;
  out.string(a);
  out.string(b);
  return out.take();
}

Bytes encode_component(const ComponentInfo& c) {
  FieldWriter out;
  out.string(kName, c.name);
  out.numbers(kKind, {static_cast<uint64_t>(c.kind)});
  out.string(kSource, c.source);
  out.numbers(kCompleteness, {static_cast<uint64_t>(c.completeness)});
  out.numbers(kSizes, {c.size_bytes, c.file_count, c.new_bytes, c.stored_bytes});
  for (const auto& [key, value] : c.properties) out.bytes(kProperty, pair_of(key, value));
  if (!c.catalogue.is_zero()) out.bytes(kCatalogue, c.catalogue.view());
  if (!c.transform.empty()) {
    out.string(kTransform, c.transform);
    out.bytes(kRecipe, c.transform_recipe);
  }
  if (!c.recipe_list.is_zero()) {
    Encoder list;
    list.raw(c.recipe_list.view());
    list.varint(c.recipe_bytes);
    out.bytes(kRecipeList, list.out());
  }
  return out.take();
}

ComponentInfo decode_component(ByteView content, std::string_view name) {
  ComponentInfo c;
  read_fields(content, name, [&](uint64_t tag, ByteView value) {
    Decoder in(value, name);
    switch (tag) {
      case kName: c.name = text(value); break;
      case kKind: c.kind = static_cast<ComponentKind>(in.varint_up_to(255)); break;
      case kSource: c.source = text(value); break;
      case kCompleteness: c.completeness = static_cast<Completeness>(in.varint_up_to(255)); break;
      case kSizes:
        for (uint64_t* field : {&c.size_bytes, &c.file_count, &c.new_bytes, &c.stored_bytes}) *field = in.varint();
        break;
      case kProperty: {
        std::string key = in.string();
        c.properties[key] = in.string();
        break;
      }
      case kCatalogue: c.catalogue = ChunkId::from_bytes(in.raw(32)); break;
      case kTransform: c.transform = text(value); break;
      case kRecipe: c.transform_recipe.assign(value.begin(), value.end()); break;
      case kRecipeList:
        c.recipe_list = ChunkId::from_bytes(in.raw(32));
        c.recipe_bytes = in.varint();
        break;
      default: break;
    }
  });
  if (!valid_entry_name(c.name)) Decoder(content, name).fail("a component with an impossible name");
  return c;
}

Bytes owner_name(uint32_t number, const std::string& name) {
  Encoder out;
  out.varint(number);
  out.string(name);
  return out.take();
}

}  // namespace

std::string_view component_kind_name(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kTree: return "tree";
    case ComponentKind::kStream: return "stream";
    case ComponentKind::kPostgres: return "postgres";
    case ComponentKind::kRedis: return "redis";
    case ComponentKind::kDocument: return "document";
    case ComponentKind::kBucket: return "bucket";
  }
  return "unknown";
}

const ComponentInfo* Manifest::component(std::string_view name) const {
  auto found = std::ranges::find(components, name, &ComponentInfo::name);
  return found == components.end() ? nullptr : &*found;
}
uint64_t Manifest::size_bytes() const {
  uint64_t sum = 0;
  for (const ComponentInfo& c : components) sum += c.size_bytes;
  return sum;
}
uint64_t Manifest::file_count() const {
  uint64_t sum = 0;
  for (const ComponentInfo& c : components) sum += c.file_count;
  return sum;
}

Bytes Manifest::encode_content() const {
  FieldWriter out;
  out.numbers(kTime, {static_cast<uint64_t>(time_ns)});
  out.string(kHost, host);
  out.string(kUser, user);
  out.string(kProgram, program);
  for (const std::string& tag : tags) out.string(kTag, tag);
  out.bytes(kRoot, root.view());
  for (const ComponentInfo& c : components) out.bytes(kComponent, encode_component(c));
  for (const auto& [number, name] : users) out.bytes(kOwnerName, owner_name(number, name));
  for (const auto& [number, name] : groups) out.bytes(kGroupName, owner_name(number, name));
  out.bytes(kLease, lease.view());
  out.numbers(kGeneration, {generation});
  out.numbers(kSequence, {sequence});
  out.bytes(kPrevious, previous.view());
  out.numbers(kStats, {stats.files_new, stats.files_changed, stats.files_unmodified, stats.files_failed, stats.sockets_skipped,
                       stats.bytes_read, stats.bytes_new, stats.bytes_stored, stats.duration_ns});
  if (!origin.is_zero()) out.bytes(kOrigin, origin.view());
  if (!original_author.is_zero()) out.bytes(kOriginalAuthor, original_author.view());
  return out.take();
}

Manifest Manifest::decode_content(ByteView content, std::string_view name) {
  Manifest m;
  read_fields(content, name, [&](uint64_t tag, ByteView value) {
    Decoder in(value, name);
    switch (tag) {
      case kTime: m.time_ns = static_cast<int64_t>(in.varint()); break;
      case kHost: m.host = text(value); break;
      case kUser: m.user = text(value); break;
      case kProgram: m.program = text(value); break;
      case kTag: m.tags.emplace_back(text(value)); break;
      case kRoot: m.root = ChunkId::from_bytes(in.raw(32)); break;
      case kComponent: m.components.push_back(decode_component(value, name)); break;
      case kOwnerName: {
        auto number = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
        m.users[number] = in.string();
        break;
      }
      case kGroupName: {
        auto number = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
        m.groups[number] = in.string();
        break;
      }
      case kLease: m.lease = LeaseId::from_bytes(in.raw(32)); break;
      case kGeneration: m.generation = in.varint(); break;
      case kSequence: m.sequence = in.varint(); break;
      case kPrevious: m.previous = SnapshotId::from_bytes(in.raw(32)); break;
      case kOrigin: m.origin = SnapshotId::from_bytes(in.raw(32)); break;
      case kOriginalAuthor: m.original_author = ClientId::from_bytes(in.raw(32)); break;
      case kStats:
        for (uint64_t* field : {&m.stats.files_new, &m.stats.files_changed, &m.stats.files_unmodified, &m.stats.files_failed,
                                &m.stats.sockets_skipped, &m.stats.bytes_read, &m.stats.bytes_new, &m.stats.bytes_stored,
                                &m.stats.duration_ns})
          *field = in.varint();
        break;
      default: break;
    }
  });
  if (m.root.is_zero()) Decoder(content, name).fail("a snapshot without a root");
  return m;
}

Bytes Manifest::encode(const Keyring& keys, Suite suite) const {
  Bytes content = encode_content();
  if (content.size() > kMostManifestBytes)
    throw Error(ErrorCode::kInvalidArgument, "the snapshot describes too many components: " + std::to_string(content.size()) + " bytes");
  return SealedFile::encode_boxed(ObjectType::kSnapshot, id.view(), keys, suite, content);
}

Manifest Manifest::decode(ByteView file, const SnapshotId& id, const Keyring& keys) {
  std::string name = snapshot_name(id);
  SealedFile sealed = SealedFile::decode_boxed(file, ObjectType::kSnapshot, id.view(), keys, name, kMostManifestBytes);
  Manifest m = decode_content(sealed.content, name);
  m.id = id;
  m.author = sealed.author.client();
  m.author_role = sealed.author.role;
  m.witness = witness_of(keys.repository, id, file);
  // Only an owner may speak for another author.
  if (sealed.author.role != Role::kOwner) m.original_author = {};
  return m;
}

}  // namespace cairn
