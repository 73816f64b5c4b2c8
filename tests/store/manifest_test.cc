#include "store/snapshot/manifest.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

Manifest sample() {
  Manifest m;
  m.id = random_id<SnapshotId>();
  m.time_ns = -5;   // before the epoch is a time too
  m.host = "host";
  m.user = "user";
  m.program = "cairn 0";
  m.tags = {"a", "b"};
  m.root = ChunkId{{1}};
  m.components.resize(2);
  ComponentInfo& db = m.components[0];
  db.name = "db";
  db.kind = ComponentKind::kPostgres;
  db.source = "postgres://h/db";
  db.completeness = Completeness::kUnverified;
  db.size_bytes = 1, db.file_count = 2, db.new_bytes = 3, db.stored_bytes = 4;
  db.properties = {{"rows", "7"}, {"version", "15"}};
  db.catalogue = ChunkId{{2}};
  db.transform = "inflate";
  db.transform_recipe = {1, 2, 3};
  m.components[1].name = "tree";
  m.users = {{0, "root"}, {1000, "somebody"}};
  m.groups = {{UINT32_MAX, "last"}};
  m.lease = LeaseId{{3}};
  m.generation = 9;
  m.sequence = UINT64_MAX;
  m.previous = SnapshotId{{4}};
  m.origin = SnapshotId{{5}};
  m.original_author = ClientId{{6}};
  m.stats = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  return m;
}

TEST(Manifest, EveryFieldComesBackThroughTheSeal) {
  Keyring keys = make_keyring(random_id<RepositoryId>(), 1);
  Manifest m = sample();
  for (Suite suite : {Suite::kXChaCha20Poly1305, best_suite()}) {
    Manifest again = Manifest::decode(m.encode(keys, suite), m.id, keys);
    EXPECT_EQ(again.encode_content(), m.encode_content());
    EXPECT_EQ(again.components, m.components);
    EXPECT_EQ(again.stats, m.stats);
    EXPECT_EQ(again.users, m.users);
    EXPECT_EQ(again.groups, m.groups);
    EXPECT_EQ(again.time_ns, -5);
    EXPECT_EQ(again.id, m.id);
    EXPECT_EQ(again.author, keys.certificate.client());
    EXPECT_EQ(again.credited_author(), ClientId{{6}});
  }
}

TEST(Manifest, OnlyAnOwnerSpeaksForAnotherAuthor) {
  Keyring owner = make_keyring(random_id<RepositoryId>(), 1);
  Keyring keys = Keyring::decode(owner.encode(), owner.repository, "copy");
  keys.certificate = make_certificate(owner.repository, *owner.maintenance_seed, signing_public_key(*keys.signing_seed), Role::kWriter, 1);
  Manifest m = sample();
  Manifest again = Manifest::decode(m.encode(keys, best_suite()), m.id, owner);
  EXPECT_EQ(again.credited_author(), keys.certificate.client());
  EXPECT_EQ(again.origin, m.origin);
}

TEST(Manifest, UnknownFieldsAreSkipped) {
  Encoder out;
  out.varint(900);
  out.string("of a later version");
  out.raw(sample().encode_content());
  out.varint(15);
  out.string("reserved");
  EXPECT_EQ(Manifest::decode_content(out.out(), "x").encode_content(), sample().encode_content());
}

TEST(Manifest, TruncationsAreCorruptOrLackFields) {
  Bytes good = sample().encode_content();
  for (size_t size = 0; size < good.size(); ++size) {
    auto code = code_of([&] { Manifest::decode_content(ByteView(good).first(size), "x"); });
    EXPECT_TRUE(!code || code == ErrorCode::kCorrupt);
  }
  EXPECT_EQ(code_of([&] { Manifest::decode_content({}, "x"); }), ErrorCode::kCorrupt);   // no root
}

TEST(Manifest, AComponentWithAnImpossibleNameIsRefused) {
  for (const char* name : {"", "..", "a/b"}) {
    Manifest m = sample();
    m.components[0].name = name;
    EXPECT_EQ(code_of([&] { Manifest::decode_content(m.encode_content(), "x"); }), ErrorCode::kCorrupt);
  }
}

TEST(Manifest, SumsAndFindsItsComponents) {
  Manifest m = sample();
  m.components[1].size_bytes = 10;
  m.components[1].file_count = 20;
  EXPECT_EQ(m.size_bytes(), 11u);
  EXPECT_EQ(m.file_count(), 22u);
  EXPECT_EQ(m.component("tree"), &m.components[1]);
  EXPECT_EQ(m.component("tre"), nullptr);
}

}  // namespace
}  // namespace cairn
