// A JSON document on its way into a backup: passes as it is, its sections and elements found on the way.
//
// Parts (catalogue):  every member of the top object ("Users.json", kind "section"), every element that is an object of an array of
// objects beneath ("Users/alice.json", kind "element"), objects in an object of objects likewise; to a depth of 6.  An element is called
// by its label: the profile's, else the first of name, username, title, slug, key, id, uuid … that is a string or number; else
// its place in the array, from 0.  Of several of one name the later ones get "~" and their place.  Of an array or lines (NDJSON) at the top the elements
// stand at the top.  Properties of a part: "type" (object, array, string, number, boolean, null), "elements" (of arrays and objects).
//
// Properties of the component: "original" = document.json (document.ndjson for lines), "format" = json | ndjson, "profile", "sections"
// (names, one a line), "elements" (count), and the profile's application as "app".
//
// Not JSON after all: passes without parts and with a warning.  Breaks off: ended = false.
//
// Memory:   64 MiB to sort parts, and what is open.   Threads: one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "ingest/document/profile.h"
#include "ingest/parts/parted_source.h"

namespace cairn {

inline constexpr uint64_t kMostDocumentParts = 4'000'000;   // of more the rest is only in the original; a warning says so

// True when what begins so (up to 16 KiB) may be JSON worth looking into: an object or an array, and no error so far.
bool looks_like_json(ByteView beginning);

// `read`: at least one byte unless the stream has ended.
std::unique_ptr<PartedSource> make_document_source(std::function<size_t(std::span<uint8_t>)> read, std::vector<DocumentProfile> profiles);

}  // namespace cairn
