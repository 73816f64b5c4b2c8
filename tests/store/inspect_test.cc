#include "store/inspect/inspect.h"

#include "store/gc/gc_list.h"
#include "store/lease/lease.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

// "key: value\n", two blanks further in for what is beneath.
std::string words(const Shown& shown, const std::string& indent = "") {
  std::string out;
  for (const Shown& one : shown.beneath)
    out += indent + one.key + ": " + (one.form == Shown::Form::kText ? one.text : std::to_string(one.number)) + "\n" + words(one, indent + "  ");
  return out;
}

class Inspect : public StoreTest {
 protected:
  std::string look(Repository& repository, const std::string& name) {
    const Inspection inspection = inspect_file(memory, repository.keys(), name);
    EXPECT_EQ(inspection.error, "") << name;
    return words(inspection.shown);
  }
  static void has(const std::string& all, const std::string& part) { EXPECT_NE(all.find(part), std::string::npos) << part << "\nin\n" << all; }
};

TEST_F(Inspect, ShowsEveryKindOfFile) {
  Repository repository = open();
  const Manifest m = back_up(repository, sample_files(1));
  put(memory, gc_list_name(1), GcList{.generation = 1, .created_ns = 5, .condemned = {{PackId{}, 1}}, .barred_authors = {}, .revoked = {}, .accepted = {}}.encode(repository.keys()));
  LeaseRecord lease{.id = LeaseId{}, .number = 3, .host = "somewhere", .user = "", .program = ""};
  put(memory, lease_name(lease.id, 3), lease.encode(repository.keys()));
  for (const StoredFile& file : memory.list("")) {
    const std::string shown = look(repository, file.name);
    has(shown, "file: " + file.name + "\nbytes: " + std::to_string(file.size_bytes) + "\nheader: \n  version: 1\n");
    if (file.name.starts_with("packs/")) has(shown, "chunk: ");
    if (file.name.starts_with("index/")) has(shown, "pack: packs/");
    if (file.name.starts_with("keys/")) has(shown, "kind: password\noperations: ");
    if (file.name != "config" && file.name != "reserve" && !file.name.starts_with("keys/")) has(shown, "role: owner\n");
  }
  const std::string manifest = look(repository, snapshot_name(m.id));
  has(manifest, "root: " + m.root.hex() + "\n");
  has(manifest, "component: tree\n  kind: tree\n");
  has(look(repository, "config"), "repository: " + repository.keys().repository.hex());
  has(look(repository, lease_name(lease.id, 3)), "host: somewhere\n");
  has(look(repository, gc_list_name(1)), "kind: condemned\ngeneration: 1\n");
  has(look(repository, gc_list_name(1)), "  since generation: 1\n");
}

TEST_F(Inspect, ShowsChunksAndTrees) {
  Repository repository = open();
  const Manifest m = back_up(repository, sample_files(1));
  const Inspection root = inspect_tree(repository, m.root);
  EXPECT_EQ(root.error, "");
  has(words(root.shown), "kind: leaf of a directory\nentry: tree\n  type: directory\n");
  const Inspection chunk = inspect_chunk(repository, m.root);
  has(words(chunk.shown), "in a pack of: trees\n");
  has(words(chunk.shown), "content: verified\n");
  EXPECT_EQ(code_of([&] { inspect_chunk(repository, ChunkId{}); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { inspect_tree(repository, ChunkId{}); }), ErrorCode::kNotFound);
}

TEST_F(Inspect, ShowsWhatDamageLeftAndSaysWhyNotMore) {
  Repository repository = open();
  back_up(repository, sample_files(1));
  for (const auto& [name, bytes] : memory.snapshot()) {
    Bytes broken = bytes;
    broken[broken.size() - 1] ^= 1;   // the trailer
    broken[broken.size() / 2] ^= 1;
    memory.replace(name, broken);
    const Inspection inspection = inspect_file(memory, repository.keys(), name);
    has(words(inspection.shown), "  type: ");
    if (!name.starts_with("packs/")) {   // a pack's frames are opened by nobody here
      EXPECT_NE(inspection.error, "") << name;
    }
    memory.replace(name, Bytes(10));
    EXPECT_NE(inspect_file(memory, repository.keys(), name).error, "") << name;
  }
  EXPECT_EQ(code_of([&] { inspect_file(memory, repository.keys(), "index/nothing"); }), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cairn
