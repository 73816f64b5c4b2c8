// index/ID: what is in a number of packs.  Segments are the truth about where chunks are; RocksDB is a copy to search in.
#pragma once

#include "store/pack/directory.h"
#include "store/sealed_file.h"

namespace cairn {

// Layout (FORMAT.md, "Index segment"): a sealed file whose content is: packs | per pack: id 32, version 2, type 1, suite 1,
// size 8, key box 80, certificate 105, signature 64, length-prefixed directory body (store/pack/directory.h).
Bytes encode_segment(const SegmentId& id, const Keyring& keys, std::span<const PackInfo> packs);
std::vector<PackInfo> decode_segment(ByteView file, const SegmentId& id, const Keyring& keys);
// The same for what was sealed.
std::vector<PackInfo> decode_segment_content(ByteView content, const std::string& name);

}  // namespace cairn
