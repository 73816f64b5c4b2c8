// Which names are one file.
#pragma once

#include "store/coding.h"
#include "store/crypto/blake3.h"
#include "store/tree/entry.h"

namespace cairn {

// The same for all names of one file.  A file that changed between the reading of two names, or whose number another one got
// meanwhile, is two files to us: linking them would give one of them the other's bytes.
inline ChunkId link_key(const Entry& entry) {
  Encoder key;
  key.u64(entry.link_group);
  key.u64(entry.size_bytes);
  key.raw(entry.content.inline_bytes);
  for (const ChunkRef& ref : entry.content.chunks) key.raw(ref.id.view());
  key.raw(entry.content.list.view());
  return ChunkId{blake3(key.out())};
}

}  // namespace cairn
