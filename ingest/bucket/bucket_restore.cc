#include "ingest/bucket/bucket_restore.h"

#include <algorithm>

#include "ingest/bucket/key_path.h"
#include "ingest/bucket/object_content.h"
#include "ingest/bucket/object_headers.h"
#include "ingest/bucket/stored_objects.h"
#include "ingest/index_problems.h"
#include "ingest/pipeline.h"
#include "store/backend/s3/digest.h"
#include "store/id.h"
#include "store/read/content_reader.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kRestoreConnections = 16;
constexpr size_t kRestoreWindow = 4 * kRestoreConnections;
constexpr uint64_t kMostUnwrittenBytes = 256 << 20;
constexpr uint64_t kMostPutBytes = uint64_t{5} << 30;   // Amazon's, and everybody's
constexpr uint64_t kHopeless = 20;                     // failures without a success: it is the bucket or the key, not the objects
constexpr size_t kReaderCacheBytes = 32 << 20;

// An object on its way.
struct Upload {
  StoredFileEntry file;
  std::string key;
  S3Headers headers;
  std::optional<ObjectFacts> there;   // at the target, as far as it was looked at
  std::unique_ptr<S3Body> body;
  bool skipped = false, verified = false;
  std::string failure;                // "" : none
};

class BucketRestore {
 public:
  BucketRestore(Repository& repository, const ComponentInfo& component, const BucketAddress& to, const std::string& spool_folder,
                const RestoreOptions& options, Monitor& monitor)
      : component_(component), root_(to.root()), spool_folder_(spool_folder), options_(options), monitor_(monitor),
        client_(to.place, to.credentials, to.settings),
        reader_(repository.backend(), repository.keys(), repository.index(), kReaderCacheBytes) {}

  void run(StoredObjects& objects);
  ChunkReader& reader() { return reader_; }
  RestoreResult result;

 private:
  std::optional<Upload> begin(StoredObjects& objects);
  Upload look(Upload&& upload);
  void read_content(Upload& upload);
  Upload put(Upload&& upload);
  void finish(Upload&& upload);
  // The target's object has what would be given back with the PUT.
  static bool same_headers(const Upload& upload);
  bool wants_to_look() const { return options_.overwrite != Overwrite::kAlways; }
  std::string read_back(const std::string& key);
  // What `step` throws of one object is its failure.
  template <class Step>
  void guarded(Upload& upload, Step step);

  const ComponentInfo& component_;
  const std::string root_, spool_folder_;
  const RestoreOptions& options_;
  Monitor& monitor_;
  S3Client client_;
  ChunkReader reader_;
};

template <class Step>
void BucketRestore::guarded(Upload& upload, Step step) {
  if (!upload.failure.empty() || upload.skipped) return;
  try {
    step();
  } catch (const S3Refused& refused) {
    if (refused.code() == ErrorCode::kNoSpace) throw;
    upload.failure = refused.what();
  }
}

// Which object, without asking anybody.
std::optional<Upload> BucketRestore::begin(StoredObjects& objects) {
  std::optional<StoredFileEntry> file = objects.next();
  if (!file) return std::nullopt;
  Upload upload;
  upload.file = std::move(*file);
  const std::optional<std::string> key =
      component_.kind == ComponentKind::kBucket ? key_of_path(upload.file.path) : std::optional(upload.file.path);
  upload.key = root_ + key.value_or("");
  if (!key) upload.failure = "is not the path of an object";
  else if (upload.key.empty()) upload.failure = "an object needs a name: restore it beneath a prefix, like s3://BUCKET/PREFIX";
  else if (upload.file.entry.size_bytes > kMostPutBytes) upload.failure = "is longer than the 5 GiB that S3 takes at once: restore it to a directory";
  try {
    upload.headers = headers_of_xattrs(upload.file.entry.xattrs);
  } catch (const Error& e) {
    upload.failure = e.what();
  }
  return upload;
}

bool BucketRestore::same_headers(const Upload& upload) {
  const S3Headers there = headers_of_xattrs(upload.there->xattrs);
  return std::ranges::all_of(upload.headers, [&](const auto& header) {
    const auto found = there.find(header.first);
    return found != there.end() && found->second == header.second;
  });
}

// Runs on a connection's thread.
Upload BucketRestore::look(Upload&& upload) {
  guarded(upload, [&] {
    if (!wants_to_look()) return;
    upload.there = object_facts(client_, upload.key);
    if (!upload.there) return;
    const Entry& entry = upload.file.entry;
    const std::string saved = etag_of(entry.xattrs);
    upload.skipped = options_.overwrite == Overwrite::kNever ||
                     (upload.there->size_bytes == entry.size_bytes && !saved.empty() && etag_of(upload.there->xattrs) == saved && same_headers(upload));
  });
  return std::move(upload);
}

void BucketRestore::read_content(Upload& upload) {
  if (!upload.failure.empty() || upload.skipped || options_.dry_run) return;
  const Entry& entry = upload.file.entry;
  monitor_.current(upload.file.path);
  upload.body = std::make_unique<S3Body>(spool_folder_);
  std::exception_ptr spooling;   // what is wrong with this machine ends the restore
  try {
    ContentReader(reader_, entry.content).read(0, entry.size_bytes, [&](ByteView bytes) {
      monitor_.check_interrupted();
      try {
        upload.body->append(bytes);
      } catch (...) {
        spooling = std::current_exception();
        throw;
      }
    });
  } catch (const Error& e) {
    if (spooling || e.code() == ErrorCode::kInterrupted) throw;
    upload.failure = e.what();
    return;
  }
  upload.body->finish();
  upload.skipped = upload.there && upload.there->size_bytes == entry.size_bytes && same_headers(upload) &&
                   etag_of(upload.there->xattrs) == to_hex(upload.body->md5());
}

// MD5 of the object as it is stored.
std::string BucketRestore::read_back(const std::string& key) {
  const std::unique_ptr<ObjectContent> content = ObjectContent::open(client_, key);
  Buffer piece(256 << 10);
  BodyDigest digest;
  while (const size_t got = content->read(piece.span())) digest.update(piece.view().first(got));
  return to_hex(digest.finish().second);
}

// Runs on a connection's thread.
Upload BucketRestore::put(Upload&& upload) {
  guarded(upload, [&] {
    if (options_.dry_run) return;
    S3Headers headers = upload.headers;
    if (options_.overwrite == Overwrite::kNever) headers["if-none-match"] = "*";   // somebody may have been faster
    const std::optional<std::string> etag = client_.put(upload.key, *upload.body, headers);
    upload.skipped = !etag;
    const std::string md5 = to_hex(upload.body->md5());
    if (!etag || (*etag == md5 && !options_.verify)) return;
    if (read_back(upload.key) != md5) upload.failure = "the server has other bytes than were sent to it; restore it again";
    else upload.verified = options_.verify;
  });
  upload.body.reset();
  return std::move(upload);
}

void BucketRestore::finish(Upload&& upload) {
  const std::string path = component_.name + "/" + upload.file.path;
  const uint64_t size_bytes = upload.file.entry.size_bytes;
  monitor_.bytes_done += size_bytes;
  ++monitor_.files_done;
  if (!upload.failure.empty()) {
    monitor_.error(path, upload.failure);
    if (++result.failed == kHopeless && result.files + result.skipped == 0)
      throw Error(ErrorCode::kIo, component_.name + ": none of the first " + std::to_string(kHopeless) + " objects could be restored (see above); the rest was not tried");
    return;
  }
  if (upload.skipped) {
    ++result.skipped;
    return;
  }
  monitor_.item(options_.dry_run ? "would restore" : "restored", path, size_bytes);
  ++result.files;
  result.bytes += size_bytes;
  result.verified_files += upload.verified;
}

void BucketRestore::run(StoredObjects& objects) {
  OrderedPrefetch<Upload, Upload> looked(
      kRestoreConnections, kRestoreWindow, [&] { return begin(objects); }, [this](size_t, Upload&& upload) { return look(std::move(upload)); });
  OrderedPrefetch<Upload, Upload> done(
      kRestoreConnections, kRestoreWindow,
      [&] {
        std::optional<Upload> upload = looked.take();
        if (upload) read_content(*upload);
        return upload;
      },
      [this](size_t, Upload&& upload) { return put(std::move(upload)); }, kMostUnwrittenBytes,
      [](const Upload& upload) { return upload.body ? upload.body->size_bytes() : 0; });
  while (std::optional<Upload> upload = done.take()) finish(std::move(*upload));
  monitor_.note(describe(client_.counts()));
}

}  // namespace

RestoreResult restore_into_bucket(Repository& repository, const Manifest& snapshot, const std::string& path, const BucketAddress& to,
                                  const std::string& spool_folder, const RestoreOptions& options, Monitor& monitor) {
  warn_of_index_problems(repository, monitor);
  const size_t slash = std::min(path.find('/'), path.size());
  const ComponentInfo* component = snapshot.component(path.substr(0, slash));
  if (!component || !is_tree(component->kind))
    throw Error(ErrorCode::kInvalidArgument, printable(path) + ": is no bucket and no directory tree; restore it to a directory");
  BucketRestore restore(repository, *component, to, spool_folder, options, monitor);
  ChunkReader trees(repository.backend(), repository.keys(), repository.index(), kReaderCacheBytes);
  Entry top = *find_path(trees.object_source(), snapshot.root, path);
  monitor.bytes_total += top.size_bytes;
  monitor.files_total += top.type == EntryType::kDirectory ? top.file_count : 1;
  StoredObjects objects(trees.object_source(), path.substr(std::min(slash + 1, path.size())), std::move(top), options, monitor);
  monitor.phase("restoring");
  restore.run(objects);
  restore.result.failed += objects.failed();
  if (objects.others() > 0)
    monitor.warning(std::to_string(objects.others()) + " links and special files of " + printable(path) + " were left out: a bucket has none");
  return restore.result;
}

}  // namespace cairn
