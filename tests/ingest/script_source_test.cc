#include "ingest/postgres/live/script_source.h"

#include <gmock/gmock.h>

#include "tests/ingest/live_fixture.h"

namespace cairn {
namespace {

TEST(ScriptHead, EndsAtTheFirstEntry) {
  const std::string head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 17.1\n-- Dumped by pg_dump version 17.1\n\n"
                           "SET statement_timeout = 0;\nSET transaction_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n";
  for (const std::string rest : {"SET default_tablespace = '';\n\n", "--\n-- Name: x; Type: INDEX; Schema: public; Owner: y\n--\n",
                                 "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n"}) {
    EXPECT_EQ(script_head_bytes(head + rest), head.size()) << rest;
  }
  EXPECT_EQ(script_head_bytes(head), head.size());
}

class Script : public ::testing::Test {
 protected:
  // What is passed on of a child's output.
  std::string passed_on(const std::string& output, bool with_head) {
    const TempDir folder;
    std::ofstream(folder / "script") << output;
    ScriptSource source("job", run_command("job", {"/bin/cat", folder / "script"}, notes_), with_head, ScriptSource::kDumpEnd);
    std::string out = read_rest(source);
    tail_ = source.tail();
    return out;
  }
  Notes notes_;
  std::string tail_;
};

TEST_F(Script, LosesItsEnds) {
  const std::string head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET lock_timeout = 0;\n\n",
                    tail = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n";
  for (const size_t size : {0U, 100U, 8000U, 9000U, 300000U, 1000000U}) {
    // What looks like an end but isn't the last stays.
    const std::string body = "--\n-- Name: x; Type: INDEX; Schema: public; Owner: y\n--\n" + tail + std::string(size, 'x') + "\n";
    EXPECT_TRUE(passed_on(head + body + tail, true) == head + body) << size;
    EXPECT_EQ(tail_, tail);
    EXPECT_TRUE(passed_on(head + body + tail, false) == body) << size;
  }
  EXPECT_EQ(passed_on(head + tail, false), "");
}

TEST_F(Script, WithoutAnEndIsAFailure) {
  const std::string end(ScriptSource::kDumpEnd);
  for (const std::string& output : {std::string(), std::string("x\n"), end.substr(0, end.size() - 1), end + "x\n", "x\n" + end + "\n\\restrict a\n", end + std::string(20000, 'x')}) {
    EXPECT_NE(failure_of([&] { passed_on(output, true); }).find("has no end"), std::string::npos) << output.substr(0, 100);
  }
}

}  // namespace
}  // namespace cairn
