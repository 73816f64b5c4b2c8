#include "store/sealed_file.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

const std::vector<ObjectType> kTypes = {ObjectType::kSegment, ObjectType::kSnapshot, ObjectType::kLease, ObjectType::kGcList};

class SealedFileTest : public testing::Test {
 protected:
  const Secret& key_of(const Keyring& keys, ObjectType type) {
    return type == ObjectType::kLease ? keys.lease_key : type == ObjectType::kGcList ? keys.gc_key : keys.index_key;
  }
  Bytes encode(ObjectType type, ByteView content) { return encode(type, content, keys_); }
  Bytes encode(ObjectType type, ByteView content, const Keyring& keys) {
    return type == ObjectType::kSnapshot ? SealedFile::encode_boxed(type, id_, keys, best_suite(), content)
                                         : SealedFile::encode(type, id_, keys, key_of(keys, type), content);
  }
  SealedFile decode(ObjectType type, ByteView file) { return decode(type, file, id_); }
  SealedFile decode(ObjectType type, ByteView file, ByteView id) {
    return type == ObjectType::kSnapshot ? SealedFile::decode_boxed(file, type, id, keys_, "name", 1 << 20)
                                         : SealedFile::decode(file, type, id, keys_, key_of(keys_, type), "name", 1 << 20);
  }
  static Keyring copy(const Keyring& keys) { return Keyring::decode(keys.encode(), keys.repository, "copy"); }
  static Bytes with_trailer(Bytes file) {
    file.resize(file.size() - kTrailerBytes);
    append_trailer(file);
    return file;
  }
  // Signs a changed file again, as a writer who misuses its key could.
  Bytes signed_again(Bytes file) {
    file.resize(file.size() - kTrailerBytes - kSignatureBytes);
    Signature signature = sign(*keys_.signing_seed, "cairn file v1", blake3(file));
    file.insert(file.end(), signature.begin(), signature.end());
    append_trailer(file);
    return file;
  }
  template <class Call>
  static bool refused(Call call) {
    auto code = code_of(call);
    return code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported;
  }
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
  std::array<uint8_t, 32> id_ = random_id<SegmentId>().bytes;
};

TEST_F(SealedFileTest, ContentComesBackWithItsAuthor) {
  for (ObjectType type : kTypes)
    for (const Bytes& content : {Bytes{}, noise(1, 1), noise(1000, 2), prose(100000, 3)}) {
      Bytes file = encode(type, content);
      SealedFile opened = decode(type, file);
      EXPECT_EQ(opened.content, content);
      EXPECT_EQ(opened.author.client(), keys_.certificate.client());
    }
  EXPECT_LT(encode(ObjectType::kSegment, prose(100000, 3)).size(), 50000u);
}

TEST_F(SealedFileTest, EveryFlippedByteIsRefused) {
  for (ObjectType type : kTypes) {
    Bytes file = encode(type, prose(200, 1));
    for (size_t at = 0; at < file.size(); ++at) {
      Bytes bad = file;
      bad[at] ^= 0x01;
      EXPECT_EQ(code_of([&] { decode(type, bad); }), ErrorCode::kCorrupt) << at;
      if (at >= file.size() - kTrailerBytes) continue;
      EXPECT_TRUE(refused([&] { decode(type, with_trailer(bad)); })) << at;   // by somebody who knows about trailers
    }
  }
}

// With a valid signature over the changed bytes it is the seal that must refuse: header, lengths and codec are associated data.
TEST_F(SealedFileTest, EveryFlippedByteBeforeTheAuthorIsRefusedEvenWhenSignedAgain) {
  for (ObjectType type : kTypes)
    // Compressed and raw: no decompressor stands in for the seal.
    for (const Bytes& content : {prose(200, 1), noise(50, 1)}) {
      Bytes file = encode(type, content);
      size_t end = file.size() - kTrailerBytes - kSignatureBytes - Certificate::kBytes;
      for (size_t at = 0; at < end; ++at) {
        Bytes bad = file;
        bad[at] ^= 0x01;
        EXPECT_TRUE(refused([&] { decode(type, signed_again(bad)); })) << at;
      }
      EXPECT_EQ(code_of([&] { decode(type, signed_again(file)); }), std::nullopt);
    }
}

TEST_F(SealedFileTest, EveryTruncationAndExtensionIsRefused) {
  for (ObjectType type : kTypes) {
    Bytes file = encode(type, prose(200, 1));
    for (size_t size = 0; size < file.size(); ++size)
      EXPECT_EQ(code_of([&] { decode(type, ByteView(file).first(size)); }), ErrorCode::kCorrupt);
    file.push_back(0);
    EXPECT_EQ(code_of([&] { decode(type, file); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { decode(type, with_trailer(file)); }), ErrorCode::kCorrupt);
  }
}

TEST_F(SealedFileTest, NoTypeIsTakenForAnother) {
  for (ObjectType made : kTypes)
    for (ObjectType read : kTypes) {
      if (made == read) continue;
      Bytes file = encode(made, prose(200, 1));
      EXPECT_EQ(code_of([&] { decode(read, file); }), ErrorCode::kCorrupt);
      file[10] = static_cast<uint8_t>(read);   // says that it is of the other type
      EXPECT_TRUE(refused([&] { decode(read, with_trailer(file)); }));
      EXPECT_TRUE(refused([&] { decode(read, signed_again(file)); }));
    }
}

// The type is in the associated data, not only in the choice of the key.
TEST_F(SealedFileTest, NoTypeIsTakenForAnotherUnderOneKey) {
  for (ObjectType made : kTypes)
    for (ObjectType read : kTypes) {
      if (made == read || made == ObjectType::kSnapshot || read == ObjectType::kSnapshot) continue;
      Bytes file = SealedFile::encode(made, id_, keys_, keys_.index_key, prose(200, 1));
      file[10] = static_cast<uint8_t>(read);
      Bytes forged = signed_again(file);
      EXPECT_EQ(code_of([&] { SealedFile::decode(forged, read, id_, keys_, keys_.index_key, "name", 1 << 20); }), ErrorCode::kCorrupt);
    }
}

TEST_F(SealedFileTest, AFileUnderAnotherNameIsRefused) {
  for (ObjectType type : kTypes) {
    Bytes file = encode(type, prose(200, 1));
    auto other = random_id<SegmentId>();
    EXPECT_EQ(code_of([&] { decode(type, file, other.view()); }), ErrorCode::kCorrupt);
    std::ranges::copy(other.bytes, file.begin() + 48);
    EXPECT_EQ(code_of([&] { decode(type, signed_again(file), other.view()); }), ErrorCode::kCorrupt);
  }
}

TEST_F(SealedFileTest, AFileOfAnotherRepositoryIsRefused) {
  Keyring other = make_keyring(random_id<RepositoryId>(), 1);
  Keyring same_id = make_keyring(keys_.repository, 1);
  for (ObjectType type : kTypes) {
    EXPECT_EQ(code_of([&] { decode(type, encode(type, prose(200, 1), other)); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { decode(type, encode(type, prose(200, 1), same_id)); }), ErrorCode::kCorrupt);
  }
}

TEST_F(SealedFileTest, AnAuthorWhomTheOwnerNeverCertifiedIsRefused) {
  Keyring forger = copy(keys_);   // knows all shared keys, but not the maintenance key
  forger.signing_seed = Secret::random();
  Secret own = Secret::random();
  forger.certificate = make_certificate(keys_.repository, own, signing_public_key(*forger.signing_seed), Role::kOwner, 1);
  for (ObjectType type : kTypes)
    EXPECT_EQ(code_of([&] { decode(type, encode(type, prose(200, 1), forger)); }), ErrorCode::kCorrupt);
  forger.certificate = keys_.certificate;   // somebody else's certificate
  for (ObjectType type : kTypes)
    EXPECT_EQ(code_of([&] { decode(type, encode(type, prose(200, 1), forger)); }), ErrorCode::kCorrupt);
  // A certificate is of one repository.
  forger.certificate = make_certificate(random_id<RepositoryId>(), *keys_.maintenance_seed, signing_public_key(*forger.signing_seed), Role::kOwner, 1);
  for (ObjectType type : kTypes)
    EXPECT_EQ(code_of([&] { decode(type, encode(type, prose(200, 1), forger)); }), ErrorCode::kCorrupt);
}

TEST_F(SealedFileTest, WithoutASigningKeyNothingIsMade) {
  Keyring reader = copy(keys_);
  reader.signing_seed.reset();
  for (ObjectType type : kTypes) EXPECT_EQ(code_of([&] { encode(type, {}, reader); }), ErrorCode::kWrongKey);
}

TEST_F(SealedFileTest, WithoutTheReadKeyASnapshotIsNotOpened) {
  Bytes file = encode(ObjectType::kSnapshot, prose(200, 1));
  Keyring writer = copy(keys_);
  writer.read_secret.reset();
  EXPECT_EQ(code_of([&] { SealedFile::decode_boxed(file, ObjectType::kSnapshot, id_, writer, "name", 1 << 20); }), ErrorCode::kWrongKey);
}

TEST_F(SealedFileTest, ContentLargerThanAllowedIsRefusedBeforeItIsOpened) {
  Bytes file = encode(ObjectType::kLease, prose(2 << 20, 1));
  EXPECT_EQ(code_of([&] { decode(ObjectType::kLease, file); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
