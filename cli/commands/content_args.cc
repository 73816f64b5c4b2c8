#include "cli/commands/content_args.h"

#include "cli/arguments.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

Compression parse_compression(const std::string& option, const std::string& text) {
  if (auto compression = Compression::parse(text)) return *compression;
  throw UsageError(option + ": is auto, off, or a level from 1 (fast) to 19 (small), not " + text);
}

ChunkerSizes parse_chunk_sizes(const std::string& option, const std::string& text) {
  const UsageError refusal(option + ": three sizes like 16K,64K,1M: powers of two from 1K to 4M, each larger than the one before, not " + text);
  ChunkerSizes sizes;
  size_t begin = 0;
  for (uint32_t* bytes : {&sizes.fine_bytes, &sizes.normal_bytes, &sizes.coarse_bytes}) {
    const bool last = bytes == &sizes.coarse_bytes;
    const size_t comma = text.find(',', begin);
    if ((comma == text.npos) != last) throw refusal;
    uint64_t given = 0;
    try {
      given = parse_size(text.substr(begin, comma - begin));
    } catch (const Error&) {
      throw refusal;
    }
    if (given > UINT32_MAX) throw refusal;
    *bytes = static_cast<uint32_t>(given);
    begin = comma + 1;
  }
  if (!sizes.valid()) throw refusal;
  return sizes;
}

}  // namespace cairn
