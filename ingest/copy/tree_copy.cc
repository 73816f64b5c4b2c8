#include "ingest/copy/tree_copy.h"

#include "store/error.h"

namespace cairn {

void TreeCopy::add(CopyStep&& step) {
  if (step.kind == CopyStep::Kind::kEnter) {
    open_.push_back({std::move(step.entry), std::make_unique<DirectoryWriter>(put_)});
    return;
  }
  if (step.kind == CopyStep::Kind::kLeave) return leave();
  if (step.content_due) {
    add_content(step);
    if (!step.last) return;
  } else {
    monitor_.bytes_done += step.entry.size_bytes;
  }
  monitor_.files_done += step.entry.type == EntryType::kDirectory ? step.entry.file_count : 1;
  place(std::move(step.entry));
}

void TreeCopy::add_content(CopyStep& step) {
  if (!content_) content_ = std::make_unique<ChunkListWriter>(put_);
  for (const ChunkRef& ref : step.refs) {
    content_->add(ref);
    monitor_.bytes_done += ref.length_bytes;
  }
  if (!step.last) return;
  if (content_->size_bytes() != step.entry.size_bytes)
    throw Error(ErrorCode::kCorrupt, printable(step.path) + ": its chunks are " + std::to_string(content_->size_bytes()) +
                                         " bytes in place of " + std::to_string(step.entry.size_bytes));
  Content copied = content_->finish();
  content_.reset();
  known_.contents.put(content_key(step.entry.content), copied);
  step.entry.content = std::move(copied);
}

void TreeCopy::leave() {
  OpenDirectory directory = std::move(open_.back());
  open_.pop_back();
  const ChunkId before = directory.entry.directory;
  directory.entry.directory = directory.writer->finish();
  known_.objects.put(before, directory.entry.directory);
  place(std::move(directory.entry));
}

void TreeCopy::place(Entry&& entry) {
  if (open_.empty()) components_.push_back(std::move(entry));
  else open_.back().writer->add(std::move(entry));
}

}  // namespace cairn
