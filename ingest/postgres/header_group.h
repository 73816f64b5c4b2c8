// The comments of pg_dump that say what follows: a line `--`, lines of text, a line `--`, nothing between them.
//
// Source: pg_dump's output, versions 13 to 18 (postgresql.org, "pg_dump", "pg_dumpall").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

struct HeaderGroup {
  uint64_t begin = 0, end = 0;       // of the first `--`, behind the last one's line
  std::vector<std::string> lines;    // those between, without "-- "
};

// What stands before an entry: "Data for Name: t; Type: TABLE DATA; Schema: public; Owner: x".  "" for - and for none.
struct EntryHeader {
  std::string tag, type, schema, owner;
};

// Nullopt when the group is another one.
std::optional<EntryHeader> parse_entry_header(const HeaderGroup& group);

// Puts groups together from comment lines.
// Memory: a group; one of more than 8 lines is none.
class HeaderGroups {
 public:
  // The next comment line; returns the group that it completes.
  std::optional<HeaderGroup> add(uint64_t begin, uint64_t end, std::string_view line);
  // Something else came.
  void interrupt() { open_ = false; }
  // Whether the line that was added last is, or may become, one of a group.
  bool inside() const { return open_; }

 private:
  bool open_ = false;
  HeaderGroup group_;
};

}  // namespace cairn
