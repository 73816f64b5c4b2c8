#include "ingest/restore/restorer.h"

#include <unistd.h>

#include <algorithm>

#include "ingest/pipeline.h"
#include "ingest/restore/link_key.h"
#include "store/parallel.h"
#include "ingest/tree/owners.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kRestoreTreeCacheBytes = 16 << 20;
constexpr size_t kWorkerCacheBytes = 2 << 20;   // a frame is used once and then dropped
constexpr size_t kMostLinks = 1 << 20;

ApplyOptions apply_options() {
  ApplyOptions options;
  options.privileged = ::geteuid() == 0;
  options.owner = true;
  return options;
}

}  // namespace

Restorer::Restorer(Repository& repository, const Manifest& snapshot, const RestoreOptions& options, Monitor& monitor)
    : repository_(repository), index_(repository.index()), snapshot_(snapshot), options_(options), monitor_(monitor),
      threads_(options.threads ? options.threads : processor_count()),
      trees_(repository.backend(), repository.keys(), index_, kRestoreTreeCacheBytes), window_(std::make_unique<RestoreWindow>()) {
  if (!options.dry_run) sink_ = std::make_unique<TreeSink>(options.target, options.overwrite, apply_options(), monitor);
  for (size_t i = 0; i < threads_; ++i)
    readers_.push_back(std::make_unique<ChunkReader>(repository.backend(), repository.keys(), index_, kWorkerCacheBytes));
  if (options.numeric_owner) return;
  for (const auto& [number, name] : snapshot.users)
    if (auto here = user_of_name(name)) users_[number] = *here;
  for (const auto& [number, name] : snapshot.groups)
    if (auto here = group_of_name(name)) groups_[number] = *here;
}
Restorer::~Restorer() = default;

void Restorer::fail(const std::string& path, const std::string& why) {
  {
    std::lock_guard lock(mu_);
    if (!given_up_.insert(path).second) return;  // told already
    ++result_.failed;
  }
  monitor_.error(path, why);
}

void Restorer::fail(PlannedFile& file, const std::string& why) {
  if (!file.failed.exchange(true)) fail(file.path, why);
}

Entry Restorer::with_local_owner(const Entry& entry) {
  Entry out = entry;
  if (auto user = users_.find(entry.uid); user != users_.end()) out.uid = user->second;
  if (auto group = groups_.find(entry.gid); group != groups_.end()) out.gid = group->second;
  return out;
}

// Patterns see the path without its first element (the component or the directory asked for).
bool Restorer::selected(const std::string& path, bool is_directory) const {
  size_t slash = path.find('/');
  std::string relative = slash == std::string::npos ? "" : path.substr(slash + 1);
  if (relative.empty()) return true;
  for (size_t end = slash; !unmade_.empty() && end != std::string::npos; end = path.find('/', end + 1))
    if (unmade_.contains(path.substr(0, end))) return false;
  if (options_.exclude.covers(relative, is_directory)) return false;
  if (options_.include.empty() || options_.include.covers(relative, is_directory)) return true;
  return is_directory && options_.include.may_match_beneath(relative);
}

// Visits the children of a directory that shall be restored; a directory that can't be read is told, and counted, once.
void Restorer::for_each_child(const Entry& directory, const std::string& path, const Visit& visit) {
  try {
    require_depth(path);
    DirectoryReader children(trees_.object_source(), directory.directory);
    while (const Entry* child = children.next()) {
      monitor_.check_interrupted();
      std::string child_path = path.empty() ? child->name : path + "/" + child->name;
      if (!selected(child_path, child->type == EntryType::kDirectory)) continue;
      visit(Entry(*child), child_path);
    }
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kInterrupted) throw;
    fail(path, e.what());
  }
}

void Restorer::make_directory(const std::string& path) {
  ++result_.directories;
  try {
    if (sink_) sink_->make_directory(path);
    else monitor_.item("would make directory", path, 0);
  } catch (const Error& e) {
    unmade_.insert(path);
    fail(path, e.what());
  }
}

void Restorer::restore_content(const Entry& entry, const std::string& path) {
  if (entry.type == EntryType::kFile) return plan_file(entry, path);
  if (entry.type != EntryType::kDirectory) return;
  make_directory(path);
  if (unmade_.contains(path)) return;
  for_each_child(entry, path, [&](const Entry& child, const std::string& child_path) { restore_content(child, child_path); });
}

void Restorer::plan_file(const Entry& entry, const std::string& path) try {
  if (sink_ && !sink_->wanted(path, entry)) {
    ++result_.skipped;
    if (options_.overwrite == Overwrite::kNever) given_up_.insert(path);  // somebody's own: nothing to verify
    else if (entry.link_group != 0) linked_.try_emplace(link_key(entry), path);  // what is there counts as restored
    return;
  }
  if (entry.link_group != 0) {
    ChunkId key = link_key(entry);
    if (linked_.contains(key)) return;   // a link, in pass 2
    if (linked_.size() < kMostLinks) linked_[key] = path;
  }
  if (!sink_) {
    monitor_.item("would restore", path, entry.size_bytes);
    ++result_.files;
    result_.bytes += entry.size_bytes;
    return;
  }
  monitor_.current(path);
  window_->files.emplace_back();
  window_->files.back().path = path;
  window_->files.back().entry = with_local_owner(entry);
  ChunkListReader list(trees_.object_source(), entry.content);
  uint64_t offset = 0;
  for (auto refs = list.next(); !refs.empty(); refs = list.next()) {
    for (const ChunkRef& ref : refs) {
      auto number = static_cast<uint32_t>(window_->files.size() - 1);
      if (!ref.is_zeros()) window_->pieces.push_back({{}, number, offset, ref.id});
      offset += ref.length_bytes;
    }
    if (window_->pieces.size() >= RestoreWindow::kMostPieces) begin_next_window();
  }
  if (entry.content.kind == Content::Kind::kInline) offset = entry.content.inline_bytes.size();
  if (offset != entry.size_bytes)
    throw Error(ErrorCode::kCorrupt, "its chunks are " + std::to_string(offset) + " bytes in place of " + std::to_string(entry.size_bytes));
  if (window_->full()) write_window();
} catch (const Error& e) {
  if (e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kInterrupted) throw;
  // Its pieces may be in the plan already: a failed file drops them.
  if (!window_->files.empty() && window_->files.back().path == path) fail(window_->files.back(), e.what());
  else fail(path, e.what());
}

// A file of very many chunks goes on in the next window, under the same temporary name.
void Restorer::begin_next_window() {
  window_->files.back().continues = true;
  std::unique_ptr<RestoreWindow> written = write_window();
  PlannedFile& before = written->files.back();
  PlannedFile& next = window_->files.emplace_back();
  next.path = std::move(before.path);
  next.entry = std::move(before.entry);
  next.temporary = std::move(before.temporary);
  next.in_pieces = true;
  next.failed = before.failed.load();
}

void Restorer::finish_content() { write_window(); }

// Everything planned: frames in the order of the packs, each read once for all files that want it.
std::unique_ptr<RestoreWindow> Restorer::write_window() {
  if (!sink_) return nullptr;
  for (auto [number, id] : window_->prepare(index_)) {
    PlannedFile& file = window_->files[number];
    fail(file.path, "chunk " + id.hex().substr(0, 16) + " is not in the repository any more");
  }
  for (PlannedFile& file : window_->files)
    if (file.frames_left == 0) {  // nothing but inline bytes and zeros, or the end of a long file
      Piece inline_piece{0, file.entry.content.inline_bytes};
      write_file_pieces(file, {&inline_piece, inline_piece.bytes.empty() ? 0u : 1u});
    }
  size_t next = 0;
  ordered_parallel_map<FrameJob, char>(
      threads_, 4 * threads_,
      [&]() -> std::optional<FrameJob> {
        monitor_.check_interrupted();
        if (next == window_->frames.size()) return std::nullopt;
        return window_->frames[next++];
      },
      [&](size_t worker, FrameJob&& job) {
        write_frame(worker, job);
        return char{};
      },
      [](char) {});
  return std::exchange(window_, std::make_unique<RestoreWindow>());
}

// Runs on a worker.
void Restorer::write_frame(size_t worker, const FrameJob& job) {
  ChunkReader& reader = *readers_[worker];
  std::vector<Piece> pieces;
  for (size_t i = job.begin; i < job.end;) {
    PlannedFile& file = window_->files[window_->pieces[i].file];
    pieces.clear();
    size_t end = i;
    try {
      for (; end < job.end && &window_->files[window_->pieces[end].file] == &file; ++end) {
        const PlannedPiece& planned = window_->pieces[end];
        ByteView bytes = reader.chunk(planned.id, planned.at);
        // Neighbours in the frame that are neighbours in the file are written at once.
        if (!pieces.empty() && pieces.back().bytes.data() + pieces.back().bytes.size() == bytes.data() &&
            pieces.back().offset_bytes + pieces.back().bytes.size() == planned.offset_bytes)
          pieces.back().bytes = {pieces.back().bytes.data(), pieces.back().bytes.size() + bytes.size()};
        else
          pieces.push_back({planned.offset_bytes, bytes});
      }
    } catch (const Error& e) {
      fail(file, e.what());
      while (end < job.end && &window_->files[window_->pieces[end].file] == &file) ++end;
    }
    write_file_pieces(file, pieces);
    i = end;
  }
}

// The pieces of a file that one frame gave; whoever brings the last of them finishes the file.
void Restorer::write_file_pieces(PlannedFile& file, std::span<const Piece> pieces) {
  for (const Piece& piece : pieces) monitor_.bytes_done += piece.bytes.size();
  try {
    if (file.in_pieces) write_in_pieces(file, pieces);
    else if (!file.failed) sink_->write_file(file.path, file.entry, pieces);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNoSpace) throw;
    fail(file, e.what());
  }
  if (file.in_pieces) {
    uint32_t before = file.frames_left.load();
    while (before > 0 && !file.frames_left.compare_exchange_weak(before, before - 1)) {
    }
    if (before > 1 || file.continues) return;
    finish_in_pieces(file);
  }
  if (file.failed) return;
  ++monitor_.files_done;
  std::lock_guard lock(mu_);
  ++result_.files;
  result_.bytes += file.entry.size_bytes;
}

void Restorer::write_in_pieces(PlannedFile& file, std::span<const Piece> pieces) {
  std::string temporary;
  {
    std::lock_guard lock(mu_);
    if (file.temporary.empty() && !file.failed) file.temporary = sink_->begin_file(file.path, file.entry);
    temporary = file.temporary;
  }
  for (const Piece& piece : pieces)
    if (!file.failed) sink_->write_piece(file.path, temporary, piece);
}

void Restorer::finish_in_pieces(PlannedFile& file) {
  try {
    if (file.failed && !file.temporary.empty()) sink_->abandon_file(file.path, file.temporary);
    if (!file.failed) sink_->finish_file(file.path, file.temporary, file.entry);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNoSpace) throw;
    fail(file, e.what());
  }
}

void Restorer::restore_rest(const Entry& entry, const std::string& path) try {
  if (unmade_.contains(path)) return;
  if (entry.type == EntryType::kDirectory) {
    for_each_child(entry, path, [&](const Entry& child, const std::string& child_path) { restore_rest(child, child_path); });
    if (sink_) sink_->finish_directory(path, with_local_owner(entry));
    return;
  }
  if (entry.type == EntryType::kFile) {
    if (entry.link_group == 0) return;
    auto first = linked_.find(link_key(entry));
    if (first == linked_.end() || first->second == path) return;
    if (!sink_ || !sink_->wanted(path, entry)) return;
    sink_->make_hard_link(path, first->second);
    ++result_.files;
    return;
  }
  if (sink_ && !sink_->wanted(path, entry)) {
    ++result_.skipped;
    return;
  }
  ++result_.others;
  if (!sink_) return monitor_.item("would restore", path, 0);
  if (entry.type == EntryType::kSymlink) sink_->make_symlink(path, with_local_owner(entry));
  else sink_->make_special(path, with_local_owner(entry));
} catch (const Error& e) {
  if (e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kInterrupted) throw;
  fail(path, e.what());
}

}  // namespace cairn
