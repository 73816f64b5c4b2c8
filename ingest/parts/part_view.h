// A component with parts, as the directory that users see: its original, and its parts under their names.
//
//   db                         the component; as one file: the original
//   db/dump.sql                the original
//   db/authentik/public/t.sql  a part; also as db/authentik/public/t
//   db/authentik               a directory; as one file: the part db/authentik.sql
//   cache/dump.rdb             the original
//   cache/0/session:42         a key: its DUMP payload, whose footer (version and checksum) is made here;
//                              its name is escaped, but cache/0/a/b finds 0/a%2Fb too
//   backup/document.json       the original
//   backup/Users/alice.json    a part; also as backup/Users/alice
//
// A part .sql of a PostgreSQL dump stands between \restrict and \unrestrict: commands of psql in it are refused by psql.
// Parts of kind "link" and those with an element that begins with '.' are for --with-dependencies only: nobody sees them.
//
// Memory:   the pieces of one part (with dependencies: of all it needs), a leaf of the catalogue, caches; the recipe of a transform
//           once the original is asked for.
// Threads:  one thread at a time; writing starts workers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/parts/part_output.h"
#include "ingest/parts/transform.h"
#include "store/snapshot/manifest.h"

namespace cairn {

// Something in a component that can be written as one file.
struct PartFile {
  std::string path;                // beneath the component
  Entry entry;                     // its name is the last element of the path; an original that isn't rewritten has its content here
  bool original = false;
  size_t number = 0;               // of an original that is made anew: of its file
  std::optional<Part> part;        // not of an original
  std::vector<PartPiece> pieces;   // of a part
};

// `path` is beneath the component; `part` is nullptr for directories and originals.
using VisitPart = std::function<void(const std::string& path, const Entry& entry, const Part* part)>;
// What a restore makes, directories before what is in them.  `target`: where, beneath its target; `file`: nullptr for a directory.
using VisitTarget = std::function<void(const std::string& target, const Entry& entry, const PartFile* file)>;

// Something in a directory: its entry, and the places of it and of what follows (see PartView::list_from); false: no more.
using VisitPlaced = std::function<bool(const Entry& entry, uint64_t place, uint64_t next_place)>;

// Elements between slashes, without empty ones and ".".
std::string tidy_path(std::string_view path);

class PartView {
 public:
  // True when users see a directory: it has a catalogue or a transform, and none that is unknown.
  static bool has_parts(const ComponentInfo& component);

  // The view of the component that a (tidy) path begins with, and the rest of the path in *beneath; nullptr when that has no parts
  // or isn't there.   Errors: the store's when the snapshot's root can't be read.
  static std::unique_ptr<PartView> of_path(Repository& repository, const Manifest& snapshot, std::string_view path, Monitor& monitor,
                                           std::string* beneath, size_t threads = 0);

  // `component` must outlive this.  `entry`: of the component in the snapshot's root.
  PartView(Repository& repository, const ComponentInfo& component, Entry entry, Monitor& monitor, size_t threads = 0);
  PartView(const PartView&) = delete;

  // The component as a directory.
  Entry directory() const;
  // Visits what is at `path`: the file, or what is in the directory; recursive: everything beneath.  In bytewise order of paths
  // (a directory's ends with '/'), the original first.   kNotFound, naming the path.
  void list(const std::string& path, bool recursive, const VisitPart& visit);
  // For those who ask for a little at a time: visits what is in a directory ("": the component), from a place in it on.  Places ascend
  // from 0 and never change; not every number is one.   Requires: `directory` is one that was listed.
  void list_from(const std::string& directory, uint64_t place, const VisitPlaced& visit);
  // Calls `visit` for what is called exactly `name` in a directory; false when nothing is.
  bool find_in(const std::string& directory, const std::string& name, const VisitPlaced& visit);
  // The file at a place; kNotFound when there is none.
  PartFile file_at(const std::string& directory, uint64_t place);
  // A part's file with all its pieces: also of a key, whose footer is made of its bytes.
  std::vector<PartPiece> all_pieces(const PartFile& file);
  // The file that a path means; nullopt for a directory that no single file stands for.   kNotFound.
  // `with_dependencies`: a part with all that it needs, as one text.
  std::optional<PartFile> file(const std::string& path, bool with_dependencies = false);
  // kNotFound unless there is something at `path`.
  void require(const std::string& path);
  // What a restore of `path` makes: the original beneath the component's name, a file, or a directory of files.   kNotFound.
  void visit_targets(const std::string& path, bool with_dependencies, const VisitTarget& visit);
  // Writes a file, in order.   Errors: kCorrupt and what else reading meets, after the bytes before it.
  void write(const PartFile& file, const WriteBytes& write);

 private:
  // What a path turned out to be.
  struct Place {
    enum class Kind { kRoot, kOriginal, kOriginals, kPart, kDirectory } kind = Kind::kRoot;
    size_t number = 0;   // of an original
    std::optional<Part> part = {};
  };
  static bool is_visible(const Part& part);   // to users
  static std::string_view last_element(std::string_view path) { return path.substr(path.rfind('/') + 1); }   // npos + 1 is 0
  CatalogueReader* catalogue();
  Place resolve(const std::string& path);
  bool visible_beneath(const std::string& directory);
  std::optional<Part> visible_part(const std::string& name);
  const std::vector<OriginalFile>& rewritten_files();
  ByteView recipe();
  bool several() { return !component_.transform.empty() && !rewritten_files().front().name.empty(); }
  PartFile original(size_t number);
  std::string restrict_key(std::string_view name) const;
  bool is_script(const Part& part) const;
  bool is_key(const Part& part) const;
  void write_key(const PartFile& file, const WriteBytes& write);
  uint64_t file_bytes(const Part& part) const;
  PartFile file_of(Part part, bool with_dependencies);
  Entry entry_of(std::string_view path, uint64_t size_bytes) const;
  Entry directory_entry(std::string_view path, uint64_t size_bytes) const;
  uint64_t originals_bytes();
  void list_originals(const std::string& directory, bool recursive, const VisitPart& visit);
  void list_parts(const std::string& directory, bool recursive, const VisitPart& visit);
  uint64_t original_places(const std::string& directory);
  Entry original_entry(const std::string& directory, uint64_t number);
  Entry part_directory(const std::string& path);
  bool visible_in(const Part& part, const std::string& prefix) const;
  CatalogueReader& placed_parts();

  Repository& repository_;
  const ComponentInfo& component_;
  Entry entry_;
  ChunkReader reader_;
  std::optional<CatalogueReader> catalogue_;   // for finding; each listing has its own
  std::optional<CatalogueReader> placed_;      // of list_from(): it goes on where it was
  PartOutput output_;
  std::string_view suffix_;              // "a/b" is "a/b.sql" as well; "" : nothing is
  std::string original_name_;            // of the file, or of the directory that holds its files
  std::vector<OriginalFile> files_;      // of a transform; read when first asked for
  std::optional<Bytes> recipe_;
  std::unique_ptr<const Rebuilder> undo_;   // of the recipe
};

}  // namespace cairn
