// Recognises what a stream is by its first bytes, and opens it accordingly.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ingest/parts/parted_source.h"

namespace cairn {

// What the user says that streams are.
enum class StreamFormat { kAuto, kRaw, kPostgres };

// At least one byte of a stream unless it has ended.
using ReadBytes = std::function<size_t(std::span<uint8_t>)>;

struct OpenedStream {
  std::unique_ptr<ByteSource> bytes;
  std::unique_ptr<PartedSource> parts;   // reads from `bytes`; nothing when no parts are to be seen
};

// Reads up to 16 KiB to find out.  What is recognised as nothing passes as it is.  `component`: names what a dump leaves unnamed.
OpenedStream open_parts(ReadBytes read, StreamFormat format, const std::string& component);

}  // namespace cairn
