// What a scanner tells, as text, for comparing.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "ingest/document/json_scanner.h"

namespace cairn {

class JsonNotes : public JsonEvents {
 public:
  explicit JsonNotes(int deepest = 1'000'000, bool wanted = true) : deepest_(deepest), wanted_(wanted) {}
  void begin(Kind kind, uint64_t offset) override { note(kind == Kind::kObject ? "{" : "[", offset); }
  void end(Kind kind, uint64_t end) override { note(kind == Kind::kObject ? "}" : "]", end); }
  void name(std::string_view name, uint64_t offset) override { note(std::string(name) + ":", offset); }
  void scalar(Kind kind, std::string_view text, uint64_t begin, uint64_t end) override {
    note("=" + std::to_string(static_cast<int>(kind)) + std::string(text), begin);
    note("", end);
  }
  bool wanted() const override { return wanted_; }
  int deepest() const override { return deepest_; }

  std::string told;

 private:
  void note(const std::string& what, uint64_t offset) { told += what + "@" + std::to_string(offset) + " "; }
  int deepest_;
  bool wanted_;
};

struct JsonScanned {
  std::string told, why;
  bool failed = false, cut = false;
  uint64_t values = 0;
  bool valid() const { return !failed && values == 1; }
  bool operator==(const JsonScanned&) const = default;
};

// `piece_bytes`: 0 for all at once.
inline JsonScanned scan_json(std::string_view json, size_t piece_bytes = 0, int deepest = 1'000'000, bool wanted = true) {
  JsonNotes notes(deepest, wanted);
  JsonScanner scanner(notes);
  if (piece_bytes == 0) piece_bytes = std::max<size_t>(1, json.size());
  for (size_t at = 0; at < json.size(); at += piece_bytes) {
    const std::string piece(json.substr(at, piece_bytes));   // its own memory: reading beyond it is an error
    scanner.scan(view(piece));
  }
  scanner.finish();
  return {notes.told, scanner.why_failed(), scanner.failed(), scanner.cut(), scanner.values()};
}

}  // namespace cairn
