#include "ingest/find/history.h"

#include "tests/ingest/backup_fixture.h"

namespace cairn {
namespace {

class History : public BackupTest {
 protected:
  // "+0..1 2|M2..2 1 content|-3..3 1|": kind, first and last snapshot, how many; what changed.
  std::string steps(const std::string& path) {
    const std::vector<Manifest> all = repository().snapshots();
    constexpr const char* kSigns[] = {"+", "M", "-"};
    std::string out;
    BackupNotes notes;
    history(repository(), all, path, [&](const HistoryStep& step) {
      out += kSigns[static_cast<size_t>(step.kind)] + std::to_string(step.snapshot) + ".." + std::to_string(step.last) + " " + std::to_string(step.count);
      if (step.content) out += " content";
      if (step.metadata) out += " metadata";
      if (step.entry.type == EntryType::kDirectory && step.kind == HistoryStep::Kind::kChanged)
        out += " " + std::to_string(step.added) + "/" + std::to_string(step.removed) + "/" + std::to_string(step.changed);
      if (step.rows_added) out += " +" + std::to_string(*step.rows_added);
      if (step.rows_removed) out += " -" + std::to_string(*step.rows_removed);
      out += "|";
    }, notes);
    return out;
  }
};

TEST_F(History, OfAFileThatCameChangedAndWent) {
  write_file(src("other"), "o");
  back_up();                                     // 0
  write_file(src("dir/f"), "first");
  back_up();                                     // 1
  write_file(src("other"), "p");
  back_up();                                     // 2
  write_file(src("dir/f"), "second");
  back_up();                                     // 3
  fs::permissions(src("dir/f"), fs::perms::owner_all);
  back_up();                                     // 4
  fs::remove(src("dir/f"));
  back_up();                                     // 5
  write_file(src("dir/f"), "third");
  back_up();                                     // 6
  EXPECT_EQ(steps("src/dir/f"), "+1..2 2|M3..3 1 content metadata|M4..4 1 metadata|-5..5 1|+6..6 1|");
  EXPECT_EQ(steps("/src//dir/./f/"), steps("src/dir/f"));
  EXPECT_EQ(steps("src/dir"), "+1..2 2|M3..3 1 content 0/0/1|M4..4 1 content 0/0/1|M5..5 1 content 0/1/0|M6..6 1 content 1/0/0|");
  EXPECT_EQ(steps("src/nothing"), "");
  EXPECT_EQ(steps("src/other/beneath"), "");
  EXPECT_EQ(steps("nothing"), "");
}

TEST_F(History, SnapshotsOfOtherComponentsDoNotCount) {
  write_file(src("f"), "f");
  back_up({tree("one")});
  back_up({tree("two")});
  back_up({tree("one")});
  EXPECT_EQ(steps("one/f"), "+0..2 2|");
  EXPECT_EQ(steps("two"), "+1..1 1|");
}

TEST_F(History, OfATableCountsRows) {
  const auto dump = [&](const std::string& rows, const std::string& others) {
    const auto table = [](const std::string& name, const std::string& lines) {
      return "--\n-- Data for Name: " + name + "; Type: TABLE DATA; Schema: public; Owner: me\n--\n\nCOPY public." + name + " (id) FROM stdin;\n" + lines + "\\.\n\n\n";
    };
    const auto definition = [](const std::string& name) {
      return "--\n-- Name: " + name + "; Type: TABLE; Schema: public; Owner: me\n--\n\nCREATE TABLE public." + name + " (\n    id integer\n);\n\n\n";
    };
    write_file(dir_ / "dump", "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n-- Dumped by pg_dump version 15.18\n\n"
                              "SET client_encoding = 'UTF8';\n\n" + definition("orders") + definition("users") + table("orders", others) + table("users", rows) +
                              "--\n-- PostgreSQL database dump complete\n--\n\n");
    const Manifest m = back_up({shell("db", "cat '" + (dir_ / "dump") + "'")}).manifest;
    EXPECT_EQ(m.component("db")->kind, ComponentKind::kPostgres) << notes_->all();
  };
  dump("1\n2\n", "1\n");
  dump("1\n2\n", "1\n2\n");
  dump("1\n2\n3\n", "1\n2\n");
  std::string table;   // as ls calls it
  BackupNotes notes;
  list(repository(), repository().snapshots()[0], "", true, [&](const std::string& path, const Entry&) {
    if (path.ends_with("/users.sql")) table = path;
  }, notes);
  ASSERT_FALSE(table.empty());
  EXPECT_EQ(steps(table), "+0..1 2|M2..2 1 content +1 -0|");
  EXPECT_EQ(steps(table.substr(0, table.size() - 4)), steps(table));
  EXPECT_EQ(steps("db"), "+0..0 1|M1..1 1 content 0/0/0|M2..2 1 content 0/0/0|");
  EXPECT_EQ(steps("db/dump.sql"), "+0..0 1|M1..1 1 content|M2..2 1 content|");
  EXPECT_EQ(steps("db/nothing"), "");
}

}  // namespace
}  // namespace cairn
