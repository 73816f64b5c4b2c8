// Passes over JSON text and tells where everything begins and ends; never builds values, never changes a byte.
//
// Checks the grammar of RFC 8259 strictly (strings may hold any bytes from 0x20 up: UTF-8 isn't verified).  Several values one after the
// other, with white space between them, are allowed: newline-delimited JSON.  A byte order mark at the very beginning is passed over.
//
// Memory:   what is open: at most kMostDepth levels.   Threads: one thread at a time.   Source: RFC 8259.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "store/bytes.h"

namespace cairn {

// Who wants to know.  Offsets count from the beginning of the text.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  enum class Kind : uint8_t { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };
  // An object or an array begins ({ or [ stands at `offset`).
  virtual void begin(Kind kind, uint64_t offset) = 0;
  // It ended; `end` is behind its } or ].
  virtual void end(Kind kind, uint64_t end) = 0;
  // A member's name, unescaped; the first kMostTextBytes of it.  `offset`: of its quote.
  virtual void name(std::string_view name, uint64_t offset) = 0;
  // A string (unescaped; only wanted() ones, else ""; the first kMostTextBytes), a number (as written), true, false or null.
  virtual void scalar(Kind kind, std::string_view text, uint64_t begin, uint64_t end) = 0;
  // Whether the next string's text matters; asked once for each member's or element's string.
  virtual bool wanted() const { return false; }
  // Values nested deeper than this are checked but not told of, which is faster.  A value at the top has depth 0, a member or an element
  // one more than what it is in; a member's name has the depth of its value.  Asked after every begin() and end().
  virtual int deepest() const { return std::numeric_limits<int>::max(); }
};

class JsonScanner {
 public:
  static constexpr size_t kMostDepth = 1000;
  static constexpr size_t kMostTextBytes = 4096;
  // `events` must outlive this.
  explicit JsonScanner(JsonEvents& events);
  ~JsonScanner();

  // The next bytes of the text.  After a failure nothing more is told.
  void scan(ByteView bytes);
  // The text has ended.
  void finish();
  bool failed() const;
  // For people: what and at which byte.
  const std::string& why_failed() const;
  // finish() failed because the text breaks off in the middle of a value.
  bool cut() const;
  // Values at the top so far.
  uint64_t values() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
