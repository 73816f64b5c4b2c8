// Reads the text of a part as a script for a server: its statements, and the rows of its COPYs.  psql is never asked, for its
// backslash commands run programs.
//
// Of backslash commands \restrict and \unrestrict are skipped, \encoding becomes a statement, and the \. of rows ends them.  Any
// other one is refused, also \connect: a part belongs to one database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/monitor.h"
#include "ingest/postgres/sql_lexer.h"
#include "store/bytes.h"

namespace cairn {

class ScriptTarget {
 public:
  virtual ~ScriptTarget() = default;
  // One whole statement.  When it is a COPY … FROM stdin, rows() and rows_end() follow.
  virtual void statement(const SqlStatement& statement) = 0;
  // Rows of the COPY before, in blocks that end anywhere.
  virtual void rows(ByteView block) = 0;
  virtual void rows_end() = 0;
};

// The longest statement that is executed, for it is held in memory.  Rows of COPY may be of any length.
constexpr size_t kMostScriptStatementBytes = size_t{256} << 20;

// Threads:  one thread at a time.   Lifetime: `target` and `monitor` must outlive this.
class ScriptReader {
 public:
  // `what` names the text in errors.
  ScriptReader(std::string what, ScriptTarget& target, Monitor& monitor);
  ~ScriptReader();

  // The next bytes of the text.
  // Errors: kInvalidArgument for a backslash command, kCorrupt for what is no script, kUnsupported for a statement that is too
  //         long, kInterrupted; what the target throws.
  void feed(ByteView bytes);
  // The end of the text.  Errors: kCorrupt when it breaks off in something.
  void finish();

 private:
  class Handler;
  const std::string what_;
  std::unique_ptr<Handler> handler_;
  SqlLexer lexer_;
};

}  // namespace cairn
