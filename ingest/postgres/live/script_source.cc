#include "ingest/postgres/live/script_source.h"

#include <algorithm>
#include <cstring>

#include "store/bytes.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kHeldBytes = 8 << 10;  // more than any beginning or end has

// A line of the beginning.  default_tablespace and default_table_access_method belong to the entries.
bool is_head_line(std::string_view line) {
  if (line.starts_with("SET ")) return !line.starts_with("SET default_");
  return line.empty() || line.starts_with("SELECT pg_catalog.set_config(") || line.starts_with("\\restrict ") || line.starts_with("-- Dumped ");
}

}  // namespace

size_t script_head_bytes(std::string_view script) {
  constexpr std::string_view kTitle = "--\n-- PostgreSQL database dump\n--\n";
  size_t at = 0;
  while (at < script.size()) {
    const std::string_view rest = script.substr(at);
    if (rest.starts_with(kTitle)) {
      at += kTitle.size();
      continue;
    }
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (!is_head_line(line)) break;
    at += std::min(line.size() + 1, rest.size());
  }
  return at;
}

void ScriptSource::fill() {
  text_.erase(0, at_);
  at_ = 0;
  const size_t old = text_.size();
  text_.resize(old + kReadBytes);
  const size_t size = child_->read({reinterpret_cast<uint8_t*>(text_.data()) + old, kReadBytes});
  text_.resize(old + size);
  if (size > 0) return;
  child_->finish();
  child_.reset();
  ended_ = true;
}

void ScriptSource::split_tail() {
  const size_t found = text_.rfind(end_);
  std::string_view rest = found == std::string::npos ? "x" : std::string_view(text_).substr(found + end_.size());
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (!line.empty() && !line.starts_with("\\unrestrict ")) throw Error(ErrorCode::kIo, name_ + ": what it wrote has no end");
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  tail_ = text_.substr(found);
  text_.resize(found);
}

size_t ScriptSource::read(std::span<uint8_t> into) {
  while (!ended_ && text_.size() - at_ <= kHeldBytes) {
    fill();
    if (ended_) split_tail();
  }
  if (!head_seen_) at_ += script_head_bytes(std::string_view(text_).substr(at_));
  head_seen_ = true;
  const size_t ready = text_.size() - at_ - (ended_ ? 0 : std::min(kHeldBytes, text_.size() - at_)), size = std::min(ready, into.size());
  if (size == 0 && !ended_) return read(into);
  std::memcpy(into.data(), text_.data() + at_, size);
  at_ += size;
  return size;
}

}  // namespace cairn
