// How a list of what an object refers to is kept: as runs of numbers, or as what it doesn't share with the list of another version.
//
// Layout:   varint 0 for a whole list, else 1 + zigzag(number of the base - the object's own) | varint of how many are objects | varint of how many
//           are chunks | then, for a whole list, runs: zigzag(first number - the one before; at first - the object's own), varint of how many follow, each
//           one more; for the others steps: varint of how many are as in the base from where it is, varint of how many of the base are left out, varint of
//           how many come in their place, each as zigzag(number - the one before among these; at first - the object's own).
//           A base is a whole list itself.  Numbers are those of KnownReferences.
// Threads:  thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/coding.h"

namespace cairn {

struct ReferenceList {
  std::vector<uint32_t> numbers;   // the objects first, then the chunks
  size_t objects = 0;
  bool is_object(size_t place) const { return place < objects; }
  bool operator==(const ReferenceList&) const = default;
};

void encode_whole(Encoder& out, uint32_t self, const ReferenceList& list);
// False, and nothing is appended, when so much differs that a whole list is as good.
bool encode_beyond(Encoder& out, uint32_t self, const ReferenceList& list, uint32_t base_number, const ReferenceList& base);

// The beginning of an encoded list.
struct ReferenceHead {
  std::optional<uint32_t> base;
  size_t objects = 0, chunks = 0;
};
// kCorrupt.  `numbers`: all numbers, also that of the base, must be smaller.
ReferenceHead decode_head(Decoder& in, uint32_t self, uint32_t numbers);
// What follows it.   `base`: for whole lists nullptr; for the others the base's list, or nullptr for only what isn't in it.
// kCorrupt; without the base what is taken of it isn't checked.
void decode_rest(Decoder& in, uint32_t self, const ReferenceHead& head, const ReferenceList* base, uint32_t numbers, ReferenceList& out);

}  // namespace cairn
