#include "store/keys/config.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr std::string_view kConfigDomain = "cairn config v1";

}  // namespace

Bytes Config::encode(const Secret& maintenance_seed) const {
  Encoder out;
  out.raw(Header{kFormatVersion, ObjectType::kConfig, suite, repository, {}}.encode());
  out.raw(box_public);
  out.raw(maintenance_public);
  for (uint32_t bytes : {sizes.fine_bytes, sizes.normal_bytes, sizes.coarse_bytes}) out.u32(bytes);
  out.u64(static_cast<uint64_t>(created_ns));
  Encoder options;
  content.encode(options);
  options.raw(other_options);
  out.u32(static_cast<uint32_t>(options.size()));
  out.raw(options.out());
  out.raw(sign(maintenance_seed, kConfigDomain, out.out()));
  Bytes file = out.take();
  append_trailer(file);
  return file;
}

Config Config::decode(ByteView file) {
  Header header = Header::decode(file, ObjectType::kConfig, kConfigName);
  ByteView body = check_trailer(file, kConfigName);
  Decoder in(body, kConfigName);
  in.raw(kHeaderBytes);
  Config config;
  config.repository = header.repository;
  config.suite = header.suite;
  std::ranges::copy(in.raw(32), config.box_public.begin());
  std::ranges::copy(in.raw(32), config.maintenance_public.begin());
  for (uint32_t* bytes : {&config.sizes.fine_bytes, &config.sizes.normal_bytes, &config.sizes.coarse_bytes}) *bytes = in.u32();
  if (!config.sizes.valid()) in.fail("impossible chunk sizes");
  config.created_ns = static_cast<int64_t>(in.u64());
  Decoder options(in.raw(in.u32()), "config: its options");
  config.content = ContentSettings::decode(options, config.other_options);
  ByteView message = body.first(in.offset());
  Signature signature;
  std::ranges::copy(in.raw(kSignatureBytes), signature.begin());
  in.finish();
  if (!verify(config.maintenance_public, kConfigDomain, message, signature))
    throw Error(ErrorCode::kCorrupt, "config: its signature is wrong: it was altered");
  return config;
}

Config read_config(Backend& backend) {
  try {
    return Config::decode(read_whole(backend, kConfigName, kMostSmallFileBytes));
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kNotFound) throw;
    throw Error(ErrorCode::kNoRepository, backend.describe() + ": no cairn repository there (make one with: cairn init)");
  }
}

}  // namespace cairn
