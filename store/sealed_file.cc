#include "store/sealed_file.h"

#include <algorithm>

#include "store/compress.h"
#include "store/crypto/frame_cipher.h"

namespace cairn {

namespace {

constexpr std::string_view kFileDomain = "cairn file v1";
constexpr int kLevel = 3;

Blake3Hash signed_hash(ByteView body) { return blake3(body); }

// header | [key box] | codec | lengths; `packed` gets the bytes to be sealed.
Encoder begin(const Header& header, const KeyBox* box, ByteView content, size_t overhead, Bytes& packed) {
  Compressor compressor(kLevel);
  Buffer smaller;
  bool compressed = !content.empty() && compressor.compress(content, smaller);
  ByteView chosen = compressed ? smaller.view() : content;
  packed.assign(chosen.begin(), chosen.end());
  Encoder out;
  out.raw(header.encode());
  if (box) out.raw(*box);
  out.u8(static_cast<uint8_t>(compressed ? Codec::kZstd : Codec::kRaw));
  out.u32(static_cast<uint32_t>(content.size()));
  out.u32(static_cast<uint32_t>(packed.size() + overhead));
  return out;
}

Bytes finish(Encoder& out, const Keyring& keys) {
  if (!keys.signing_seed) throw Error(ErrorCode::kWrongKey, "this key may not write to the repository");
  out.raw(keys.certificate.encode());
  out.raw(sign(*keys.signing_seed, kFileDomain, signed_hash(out.out())));
  Bytes file = out.take();
  append_trailer(file);
  return file;
}

// The parts of a file whose trailer, header and signature are right.
struct Parts {
  Header header;
  KeyBox box{};
  Codec codec = Codec::kRaw;
  uint32_t plain_bytes = 0;
  ByteView associated, sealed;
  Certificate author;
};

Parts take_apart(ByteView file, ObjectType type, ByteView object_id, const Keyring& keys, std::string_view name, size_t most_bytes) {
  ByteView body = check_trailer(file, name);
  Parts parts;
  parts.header = Header::decode(body, type, name, keys.repository, object_id);
  Decoder in(body, name);
  in.raw(kHeaderBytes);
  if (type == ObjectType::kSnapshot) std::ranges::copy(in.raw(kKeyBoxBytes), parts.box.begin());
  uint8_t codec = in.u8();
  if (codec > 1) throw Error(ErrorCode::kUnsupported, std::string(name) + ": codec " + std::to_string(codec) + " is not known");
  parts.codec = static_cast<Codec>(codec);
  parts.plain_bytes = in.u32();
  if (parts.plain_bytes > most_bytes) in.fail("larger than allowed");
  uint32_t sealed_bytes = in.u32();
  parts.associated = body.first(in.offset());
  parts.sealed = in.raw(sealed_bytes);
  parts.author = Certificate::decode(in.raw(Certificate::kBytes), name);
  ByteView signed_part = body.first(in.offset());
  Signature signature;
  std::ranges::copy(in.raw(kSignatureBytes), signature.begin());
  in.finish();
  if (!parts.author.may_write(keys.repository, keys.maintenance_public))
    throw Error(ErrorCode::kCorrupt, std::string(name) + ": signed by a key that this repository doesn't know");
  if (!verify(parts.author.signer, kFileDomain, signed_hash(signed_part), signature))
    throw Error(ErrorCode::kCorrupt, std::string(name) + ": its signature is wrong: it was altered or forged");
  return parts;
}

Bytes unpack(const Parts& parts, ByteView packed, std::string_view name) {
  if (parts.codec == Codec::kRaw) {
    if (packed.size() != parts.plain_bytes) throw Error(ErrorCode::kCorrupt, std::string(name) + ": its lengths disagree");
    return Bytes(packed.begin(), packed.end());
  }
  Buffer plain = Decompressor().decompress(packed, parts.plain_bytes, name);
  return Bytes(plain.view().begin(), plain.view().end());
}

[[noreturn]] void not_sealed_here(std::string_view name) {
  throw Error(ErrorCode::kCorrupt, std::string(name) + ": can't be opened with this repository's key: it was altered");
}

}  // namespace

Bytes SealedFile::encode(ObjectType type, ByteView object_id, const Keyring& keys, const Secret& shared_key, ByteView content) {
  Header header{kFormatVersion, type, Suite::kXChaCha20Poly1305, keys.repository, {}};
  std::ranges::copy(object_id, header.object_id.begin());
  Bytes packed;
  Encoder out = begin(header, nullptr, content, kSharedNonceBytes + kTagBytes, packed);
  out.raw(seal_shared(shared_key, out.out(), packed));
  return finish(out, keys);
}

SealedFile SealedFile::decode(ByteView file, ObjectType type, ByteView object_id, const Keyring& keys, const Secret& shared_key,
                              std::string_view name, size_t most_bytes) {
  Parts parts = take_apart(file, type, object_id, keys, name, most_bytes);
  auto packed = open_shared(shared_key, parts.associated, parts.sealed);
  if (!packed) not_sealed_here(name);
  return {unpack(parts, *packed, name), parts.author};
}

Bytes SealedFile::encode_boxed(ObjectType type, ByteView object_id, const Keyring& keys, Suite suite, ByteView content) {
  Header header{kFormatVersion, type, suite, keys.repository, {}};
  std::ranges::copy(object_id, header.object_id.begin());
  Secret key = Secret::random();
  KeyBox box = seal_key(key, keys.box_public);
  Bytes packed;
  Encoder out = begin(header, &box, content, kTagBytes, packed);
  Bytes sealed(packed.size() + kTagBytes);
  FrameCipher(suite, key).seal(0, out.out(), packed, sealed.data());
  out.raw(sealed);
  return finish(out, keys);
}

SealedFile SealedFile::decode_boxed(ByteView file, ObjectType type, ByteView object_id, const Keyring& keys, std::string_view name,
                                    size_t most_bytes) {
  if (!keys.may_read()) throw Error(ErrorCode::kWrongKey, std::string(name) + ": this key may only write: it can't open stored content");
  Parts parts = take_apart(file, type, object_id, keys, name, most_bytes);
  auto key = open_key(parts.box, *keys.read_secret);
  if (!key || parts.sealed.size() < kTagBytes) not_sealed_here(name);
  Bytes packed(parts.sealed.size() - kTagBytes);
  if (!FrameCipher(parts.header.suite, *key).open(0, parts.associated, parts.sealed, packed.data())) not_sealed_here(name);
  return {unpack(parts, packed, name), parts.author};
}

}  // namespace cairn
