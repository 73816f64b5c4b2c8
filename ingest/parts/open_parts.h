// Recognises what a stream is by its first bytes, and opens it accordingly.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ingest/parts/parted_source.h"
#include "store/crypto/sodium.h"

namespace cairn {

// What the user says that streams are.
enum class StreamFormat { kAuto, kRaw, kPostgres, kRedis, kJson };

// At least one byte of a stream unless it has ended.
using ReadBytes = std::function<size_t(std::span<uint8_t>)>;

struct OpenOptions {
  StreamFormat format = StreamFormat::kAuto;
  std::string component;                  // names what a dump leaves unnamed
  const Secret* document_key = nullptr;   // opens sealed documents; must outlive what is opened
};

struct OpenedStream {
  std::unique_ptr<ByteSource> bytes;
  std::unique_ptr<PartedSource> parts;   // reads from `bytes`; nothing when no parts are to be seen
  bool unsealed = false;                 // the document's key was the right one
};

// Reads up to 16 KiB to find out.  What is recognised as nothing, or isn't of the format named, passes as it is.
// Errors: what `read` throws; kInvalidArgument for a profile of documents in the configuration that can't be understood.
OpenedStream open_parts(ReadBytes read, const OpenOptions& options);

// For people: "a PostgreSQL dump".   Requires: neither kAuto nor kRaw.
std::string_view format_words(StreamFormat format);

}  // namespace cairn
