#include "store/keys/keyring.h"

#include <algorithm>
#include <tuple>

namespace cairn {

namespace {

constexpr std::string_view kCertificateDomain = "cairn certificate v1";

// Numbers of the subkeys of the dedup secret (FORMAT.md, "Keys").
enum SubkeyNumber : uint64_t { kIdKey = 1, kChunkerKey = 2, kDirectoryKey = 3, kIndexKey = 4, kLeaseKey = 5, kGcKey = 6, kCacheKey = 7 };

// Fields of a slot's content.
enum SlotTag_ : uint8_t {
  kTagRole = 1, kTagDedupSecret = 2, kTagReadSecret = 3, kTagMaintenanceSeed = 4, kTagSigningSeed = 5, kTagCertificate = 6,
  kTagReaderKeys = 7, kTagMaintenancePublic = 8, kTagBoxPublic = 9
};

Bytes certificate_message(const RepositoryId& repository, const Certificate& c) {
  Encoder out;
  out.raw(repository.view());
  out.raw(c.signer);
  out.u8(static_cast<uint8_t>(c.role));
  out.u64(static_cast<uint64_t>(c.created_ns));
  return out.take();
}

Role decode_role(Decoder& in) {
  uint8_t role = in.u8();
  if (role < 1 || role > 3) in.fail("unknown role " + std::to_string(role));
  return static_cast<Role>(role);
}

}  // namespace

std::string_view role_name(Role role) {
  return role == Role::kOwner ? "owner" : role == Role::kReader ? "reader" : "writer";
}

Bytes Certificate::encode() const {
  Encoder out;
  out.raw(signer);
  out.u8(static_cast<uint8_t>(role));
  out.u64(static_cast<uint64_t>(created_ns));
  out.raw(signature);
  return out.take();
}

Certificate Certificate::decode(ByteView bytes, std::string_view name) {
  Decoder in(bytes, name);
  Certificate c;
  std::ranges::copy(in.raw(32), c.signer.begin());
  c.role = decode_role(in);
  c.created_ns = static_cast<int64_t>(in.u64());
  std::ranges::copy(in.raw(kSignatureBytes), c.signature.begin());
  in.finish();
  return c;
}

bool Certificate::valid(const RepositoryId& repository, const PublicKey& maintenance) const {
  // Few sign most of a repository: the last good one of this thread isn't verified again (85 µs, in each of hundreds of snapshots).
  thread_local std::tuple<PublicKey, Signature, Bytes> last_good;
  std::tuple asked(maintenance, signature, certificate_message(repository, *this));
  if (asked == last_good) return true;
  if (!verify(maintenance, kCertificateDomain, std::get<Bytes>(asked), signature)) return false;
  last_good = std::move(asked);
  return true;
}

Certificate make_certificate(const RepositoryId& repository, const Secret& maintenance_seed, const PublicKey& signer, Role role,
                             int64_t created_ns) {
  Certificate c{signer, role, created_ns, {}};
  c.signature = sign(maintenance_seed, kCertificateDomain, certificate_message(repository, c));
  return c;
}

ChunkerParams Keyring::chunker_params(ChunkerSizes sizes) const {
  std::array<uint64_t, 256> table;
  expand_key(derive_key(*dedup_secret, kChunkerKey), {reinterpret_cast<uint8_t*>(table.data()), sizeof table});
  return ChunkerParams(table, sizes);
}

Secret Keyring::cache_key() const { return derive_key(*dedup_secret, kCacheKey); }

void Keyring::require_may_read() const {
  if (!may_read())
    throw Error(ErrorCode::kWrongKey, "this key may only write: it can't list or open what is stored (use a reader's or an owner's key)");
}

void Keyring::require_may_write() const {
  if (!may_write())
    throw Error(ErrorCode::kWrongKey, "this key may only read: it can't add anything (use a writer's or an owner's key)");
}

Keyring Keyring::for_role(Role new_role, int64_t now_ns) const {
  if (!maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may add keys");
  Keyring ring;
  ring.role = new_role;
  ring.repository = repository;
  ring.box_public = box_public;
  ring.maintenance_public = maintenance_public;
  if (new_role != Role::kWriter) ring.read_secret = read_secret->clone();
  if (new_role == Role::kOwner) ring.maintenance_seed = maintenance_seed->clone();
  if (new_role == Role::kReader) {
    ring.id_key = id_key;
    ring.directory_key = directory_key.clone();
    ring.index_key = index_key.clone();
    ring.lease_key = lease_key.clone();
    ring.gc_key = gc_key.clone();
    return ring;
  }
  ring.dedup_secret = dedup_secret->clone();
  ring.derive();
  ring.signing_seed = Secret::random();
  ring.certificate = make_certificate(repository, *maintenance_seed, signing_public_key(*ring.signing_seed), new_role, now_ns);
  return ring;
}

void Keyring::derive() {
  Secret id = derive_key(*dedup_secret, kIdKey);
  std::ranges::copy(id.view(), id_key.begin());
  directory_key = derive_key(*dedup_secret, kDirectoryKey);
  index_key = derive_key(*dedup_secret, kIndexKey);
  lease_key = derive_key(*dedup_secret, kLeaseKey);
  gc_key = derive_key(*dedup_secret, kGcKey);
}

Bytes Keyring::encode() const {
  Encoder out;
  auto field = [&](uint8_t tag, ByteView value) {
    out.u8(tag);
    out.bytes(value);
  };
  uint8_t role_byte = static_cast<uint8_t>(role);
  field(kTagRole, {&role_byte, 1});
  field(kTagBoxPublic, box_public);
  field(kTagMaintenancePublic, maintenance_public);
  if (dedup_secret) field(kTagDedupSecret, dedup_secret->view());
  if (read_secret) field(kTagReadSecret, read_secret->view());
  if (maintenance_seed) field(kTagMaintenanceSeed, maintenance_seed->view());
  if (signing_seed) field(kTagSigningSeed, signing_seed->view());
  if (signing_seed) field(kTagCertificate, certificate.encode());
  if (!dedup_secret) {
    Encoder keys;
    keys.raw(id_key);
    for (const Secret* key : {&directory_key, &index_key, &lease_key, &gc_key}) keys.raw(key->view());
    field(kTagReaderKeys, keys.out());
  }
  return out.take();
}

Keyring Keyring::decode(ByteView bytes, const RepositoryId& repository, std::string_view name) {
  Keyring ring;
  ring.repository = repository;
  Decoder in(bytes, name);
  bool have_role = false, have_maintenance = false, have_box = false, have_reader_keys = false;
  auto secret = [&](ByteView value) {
    if (value.size() != Secret::kBytes) in.fail("a key of the wrong length");
    return Secret::from(value);
  };
  while (in.remaining() > 0) {
    uint8_t tag = in.u8();
    ByteView value = in.bytes(1 << 16);
    Decoder field(value, name);
    switch (tag) {
      case kTagRole: ring.role = decode_role(field); have_role = true; break;
      case kTagDedupSecret: ring.dedup_secret = secret(value); break;
      case kTagReadSecret: ring.read_secret = secret(value); break;
      case kTagMaintenanceSeed: ring.maintenance_seed = secret(value); break;
      case kTagSigningSeed: ring.signing_seed = secret(value); break;
      case kTagCertificate: ring.certificate = Certificate::decode(value, name); break;
      case kTagMaintenancePublic: std::ranges::copy(field.raw(32), ring.maintenance_public.begin()); have_maintenance = true; break;
      case kTagBoxPublic: std::ranges::copy(field.raw(32), ring.box_public.begin()); have_box = true; break;
      case kTagReaderKeys:
        std::ranges::copy(field.raw(32), ring.id_key.begin());
        for (Secret* key : {&ring.directory_key, &ring.index_key, &ring.lease_key, &ring.gc_key}) *key = Secret::from(field.raw(32));
        have_reader_keys = true;
        break;
      default: break;  // a later cairn's field
    }
  }
  if (ring.dedup_secret) ring.derive();
  if (!have_role || !have_maintenance || !have_box || (!ring.dedup_secret && !have_reader_keys)) in.fail("an incomplete key slot");
  return ring;
}

Keyring make_keyring(const RepositoryId& repository, int64_t now_ns) {
  Keyring ring;
  ring.role = Role::kOwner;
  ring.repository = repository;
  BoxKeys box = make_box_keys();
  ring.box_public = box.public_key;
  ring.read_secret = std::move(box.secret_key);
  ring.dedup_secret = Secret::random();
  ring.maintenance_seed = Secret::random();
  ring.signing_seed = Secret::random();
  ring.maintenance_public = signing_public_key(*ring.maintenance_seed);
  ring.certificate =
      make_certificate(repository, *ring.maintenance_seed, signing_public_key(*ring.signing_seed), Role::kOwner, now_ns);
  ring.derive();
  return ring;
}

}  // namespace cairn
