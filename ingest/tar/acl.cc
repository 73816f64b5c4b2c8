#include "ingest/tar/acl.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <optional>
#include <tuple>

namespace cairn {

namespace {

// The kernel's form: version 2 (4 bytes, little-endian), then entries of tag 2, permissions 2, id 4, sorted by tag and id.
constexpr uint32_t kNoId = UINT32_MAX;

struct AclLine {
  uint16_t tag = 0, permissions = 0;
  uint32_t id = kNoId;
};

void append(Bytes& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

std::optional<uint16_t> kernel_tag(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ: return uint16_t{0x01};
    case ARCHIVE_ENTRY_ACL_USER: return uint16_t{0x02};
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ: return uint16_t{0x04};
    case ARCHIVE_ENTRY_ACL_GROUP: return uint16_t{0x08};
    case ARCHIVE_ENTRY_ACL_MASK: return uint16_t{0x10};
    case ARCHIVE_ENTRY_ACL_OTHER: return uint16_t{0x20};
    default: return std::nullopt;
  }
}

void add_list(::archive_entry* from, int wanted, const char* attribute, Entry& entry) {
  if (std::ranges::find(entry.xattrs, attribute, &Xattr::name) != entry.xattrs.end()) return;
  if (::archive_entry_acl_reset(from, wanted) == 0) return;
  std::vector<AclLine> lines;
  int type = 0, permissions = 0, tag = 0, id = 0;
  const char* name = nullptr;
  bool more_than_mode = wanted == ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
  while (::archive_entry_acl_next(from, wanted, &type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
    const auto known = kernel_tag(tag);
    if (!known) return;
    const bool named = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP;
    more_than_mode = more_than_mode || named || tag == ARCHIVE_ENTRY_ACL_MASK;
    lines.push_back({*known, static_cast<uint16_t>(permissions & 7), named ? static_cast<uint32_t>(id) : kNoId});
  }
  if (lines.empty() || !more_than_mode) return;
  std::ranges::sort(lines, {}, [](const AclLine& line) { return std::tuple(line.tag, line.id); });
  Bytes value;
  append(value, 2, 4);
  for (const AclLine& line : lines) {
    append(value, line.tag, 2);
    append(value, line.permissions, 2);
    append(value, line.id, 4);
  }
  entry.xattrs.push_back({attribute, std::move(value)});
}

}  // namespace

void add_acls(::archive_entry* from, Entry& entry) {
  add_list(from, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access", entry);
  add_list(from, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default", entry);
}

}  // namespace cairn
