// The file `config`: what everybody must know before any key is at hand.
#pragma once

#include "store/backend/backend.h"
#include "store/keys/keyring.h"
#include "store/keys/settings.h"

namespace cairn {

// Layout (FORMAT.md, "Config"): header 80 | box public key 32 | maintenance public key 32 | fine, normal, coarse average 4 each |
//         created 8 | options length 4, options | maintenance signature 64 | trailer 32.
// The key slots pin both public keys, so a swapped config is noticed.
struct Config {
  RepositoryId repository;
  Suite suite = Suite::kAes256Gcm;   // for new packs
  PublicKey box_public{};
  PublicKey maintenance_public{};
  ChunkerSizes sizes;
  int64_t created_ns = 0;
  ContentSettings content;
  Bytes other_options;               // fields of later versions, as they are

  Bytes encode(const Secret& maintenance_seed) const;
  static Config decode(ByteView file);
};

// kNoRepository when there is none, kUnsupported when it is of a newer format.
Config read_config(Backend& backend);

}  // namespace cairn
