// A document with only some of its sections and elements, made of the original's bytes.
//
//   {"Templates":[…],"Users":[{"User":{…},"Tokens":[…],"Spaces":[…]}]}   --only users
//   → {"Templates":null,"Users":[{"User":{…},"Tokens":null,"Spaces":null}]}
//
// What isn't wanted becomes null, or is left out of its array (elements); every byte that is kept stays as it was: numbers, escapes,
// blanks.
// Streams: two passes with dependencies (the first collects ids), else one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ingest/document/profile.h"
#include "store/bytes.h"

namespace cairn {

// "users", "Groups", "Users/alice": a section, by the profile's name or by its own; an element of one by its label or id.
struct DocumentSelection {
  std::vector<std::string> only;
  bool with_dependencies = false;
};

struct ExtractResult {
  uint64_t bytes = 0;
  std::vector<std::string> taken;      // "Users: 2 of 17", for people
  std::vector<std::string> warnings;   // of the profile, or what a dependency named that isn't there
};

// Hands the whole document to its argument, in order; may be called again.
using ReadDocument = std::function<void(const std::function<void(ByteView)>& bytes)>;

// `profile`: nullptr for a document of an unknown application: sections by their own names, labels as the catalogue has them.
// Of an element in an object of elements its member's name is the label.
// Errors: kNotFound (names the sections there are), kInvalidArgument (a selection that makes no sense; not an object at the top), kCorrupt,
//         kUnsupported (an element of more than 64 MiB in a section that is taken in part); all but those of the selection itself may
//         come after bytes were written: throw those away.
ExtractResult extract_document(const ReadDocument& read, const DocumentProfile* profile, const DocumentSelection& selection,
                               const std::function<void(ByteView)>& write);

}  // namespace cairn
