#include "ingest/diff/tree_diff.h"

#include "store/tree/directory.h"

namespace cairn {

namespace {

using Change = Difference::Change;

Difference difference(Change change, const std::string& path, const Entry* before, const Entry* after) {
  Difference out;
  out.change = change;
  out.path = path;
  out.kind = entry_kind((after ? after : before)->type);
  out.bytes_before = before ? before->size_bytes : 0;
  out.bytes_after = after ? after->size_bytes : 0;
  return out;
}

// What a restore would make otherwise; inode and ctime are of no concern to it.
bool same(const Entry& a, const Entry& b) {
  return a.type == b.type && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.target == b.target && a.device == b.device &&
         a.xattrs == b.xattrs && (a.type == EntryType::kDirectory || (a.mtime_ns == b.mtime_ns && a.size_bytes == b.size_bytes && a.content == b.content));
}

void diff_directories(ChunkReader& reader, const ChunkId& before, const ChunkId& after, const std::string& path,
                      const VisitDifference& visit, Monitor& monitor) {
  if (before == after) return;
  require_depth(path);
  DirectoryReader left(reader.object_source(), before), right(reader.object_source(), after);
  const Entry *a = left.next(), *b = right.next();
  while (a || b) {
    monitor.check_interrupted();
    const bool only_a = a && (!b || a->name < b->name), only_b = b && (!a || b->name < a->name);
    const std::string child = path + "/" + (only_b ? b->name : a->name);
    if (only_a) visit(difference(Change::kRemoved, child, a, nullptr));
    else if (only_b) visit(difference(Change::kAdded, child, nullptr, b));
    else diff_entries(reader, *a, *b, child, visit, monitor);
    if (!only_b) a = left.next();
    if (!only_a) b = right.next();
  }
}

}  // namespace

std::string_view entry_kind(EntryType type) {
  switch (type) {
    case EntryType::kFile: return "file";
    case EntryType::kDirectory: return "directory";
    case EntryType::kSymlink: return "link";
    case EntryType::kFifo: return "fifo";
    case EntryType::kCharDevice:
    case EntryType::kBlockDevice: return "device";
  }
  return "unknown";
}

void diff_entries(ChunkReader& reader, const Entry& before, const Entry& after, const std::string& path, const VisitDifference& visit,
                  Monitor& monitor) {
  if (!same(before, after)) visit(difference(Change::kChanged, path, &before, &after));
  if (before.type == EntryType::kDirectory && after.type == EntryType::kDirectory)
    diff_directories(reader, before.directory, after.directory, path, visit, monitor);
}

}  // namespace cairn
