#include "ingest/redis/rdb/rdb_reader.h"

#include <algorithm>

#include "ingest/redis/rdb/rdb_reader_state.h"
#include "ingest/redis/rdb/rdb_types.h"

namespace cairn {

using namespace rdb;   // NOLINT(google-build-using-namespace): its own parts

// ---- items

RdbReader::Item RdbReader::State::next() {
  while (mode == Mode::kLongValue && !piece().empty()) {
  }
  bytes = {};
  aux.reset();
  function = {};
  if (mode == Mode::kLongOther) {
    bytes = piece();
    if (!bytes.empty()) return item = Item::kOther;
  }
  if (mode == Mode::kRest) {
    while (!rest_piece().empty()) {
    }
    mode = Mode::kEnd;
  }
  if (mode == Mode::kBroken) {
    mode = Mode::kRest;
    return item = Item::kRest;
  }
  return item = mode == Mode::kEnd ? Item::kEnd : next_item();
}

RdbReader::Item RdbReader::State::next_item() {
  window.pass(next_begin);
  for (;;) {
    switch (parse()) {
      case Step::kItem: return item;
      case Step::kRest: next_begin = window.begin(); mode = Mode::kRest; return Item::kRest;
      case Step::kMore:
        if (!fill()) return break_off();
    }
  }
}

// When reading throws, the next call goes on where this one was.
bool RdbReader::State::fill() {
  try {
    const bool more = window.fill();
    next_begin = window.begin();
    return more;
  } catch (...) {
    next_begin = window.begin();
    throw;
  }
}

// The stream has ended, and the item hasn't.
RdbReader::Item RdbReader::State::break_off() {
  next_begin = window.begin();
  const bool nothing = window.empty();
  mode = nothing ? Mode::kEnd : Mode::kRest;
  if (end_seen && nothing) return Item::kEnd;
  problem = nothing ? "it ends at byte " + std::to_string(window.end_offset()) + " without its end mark"
                    : "it breaks off at byte " + std::to_string(window.end_offset()) + ", within what begins at byte " +
                          std::to_string(window.offset());
  return nothing ? Item::kEnd : Item::kRest;
}

RdbReader::State::Step RdbReader::State::parse() {
  if (!header_seen) return parse_header();
  if (end_seen) return window.empty() ? Step::kMore : refuse("other data follow the end");
  if (!known(header)) {
    return refuse("version " + std::to_string(header.version) + " of " + (header.flavor == RdbFlavor::kValkey ? "Valkey" : "Redis") +
                      "'s format isn't known",
                  true);
  }
  return parse_prefixed();
}

RdbReader::State::Step RdbReader::State::parse_header() {
  if (window.end() - window.begin() < static_cast<ptrdiff_t>(kHeaderBytes)) return Step::kMore;
  const std::optional<Header> found = header_of({window.begin(), kHeaderBytes});
  if (!found) return refuse("not an RDB file");
  header = *found;
  header_seen = true;
  return other(window.begin() + kHeaderBytes);
}

RdbReader::State::Step RdbReader::State::refuse(std::string_view why, bool is_not_known) {
  problem = "at byte " + std::to_string(window.offset()) + ": " + std::string(why);
  not_known = is_not_known;
  return Step::kRest;
}

RdbReader::State::Step RdbReader::State::other(const uint8_t* end) {
  bytes = {window.begin(), end};
  next_begin = end;
  item = Item::kOther;
  return Step::kItem;
}

// ---- long values and the rest

ByteView RdbReader::State::piece() {
  window.pass(next_begin);
  for (;;) {
    const uint8_t* p = window.begin();
    const Walk walk = walker.walk(p, window.end());
    if (p != window.begin()) {
      next_begin = p;
      return {window.begin(), p};
    }
    if (walk == Walk::kDone) {
      mode = Mode::kItems;
      next_begin = p;
      return {};
    }
    if (walk == Walk::kMore && fill()) continue;
    next_begin = window.begin();
    mode = Mode::kBroken;
    if (walk == Walk::kBad) {
      damaged("a value");
    } else {
      problem = "it breaks off at byte " + std::to_string(window.end_offset()) + ", within a value";
    }
    return {};
  }
}

ByteView RdbReader::State::rest_piece() {
  window.pass(next_begin);
  if (window.empty() && !fill()) {
    judge_end();
    return {};
  }
  const ByteView found(window.begin(), window.end());
  next_begin = window.end();
  if (end_seen) trailing += found.size();
  tail += text(found.last(std::min(found.size(), 1 + kChecksumBytes)));
  if (tail.size() > 1 + kChecksumBytes) tail.erase(0, tail.size() - 1 - kChecksumBytes);
  return found;
}

// What isn't known may as well be damaged, or break off: the end tells.  Of versions that aren't known nobody knows how they end.
void RdbReader::State::judge_end() {
  if (!not_known || !known(header)) return;
  const bool has_checksum = header.version >= kFirstVersionWithChecksum;
  const size_t size = has_checksum ? 1 + kChecksumBytes : 1;
  const bool has_end = tail.size() >= size && static_cast<uint8_t>(tail[tail.size() - size]) == kEof;
  // Of bytes and their checksum behind them the checksum is 0.
  if (has_end && (!has_checksum || window.checksum() == 0 || tail.ends_with(std::string(kChecksumBytes, '\0')))) return;
  not_known = false;
  problem += ", and no checksum that fits stands at its end: it is damaged or breaks off";
}

// ---- the interface

bool RdbReader::looks_like_rdb(ByteView beginning) {
  return beginning.size() >= kHeaderBytes && header_of(beginning).has_value();
}

RdbReader::RdbReader(std::function<size_t(std::span<uint8_t>)> read) : state_(std::make_unique<State>(std::move(read))) {}
RdbReader::~RdbReader() = default;

RdbReader::Item RdbReader::next() { return state_->next(); }
ByteView RdbReader::bytes() const { return state_->bytes; }
const RdbKey& RdbReader::key() const { return state_->key; }
std::optional<RdbAux> RdbReader::aux() const { return state_->aux; }
std::string_view RdbReader::function() const { return state_->function; }
ByteView RdbReader::value_piece() { return state_->mode == State::Mode::kLongValue ? state_->piece() : ByteView(); }
ByteView RdbReader::rest_piece() { return state_->mode == State::Mode::kRest ? state_->rest_piece() : ByteView(); }
RdbFlavor RdbReader::flavor() const { return state_->header.flavor; }
int RdbReader::version() const { return state_->header.version; }
bool RdbReader::whole() const { return state_->end_seen && !state_->checksum_wrong; }
const std::string& RdbReader::problem() const { return state_->problem; }
bool RdbReader::unknown() const { return state_->not_known; }
uint64_t RdbReader::trailing_bytes() const { return state_->trailing; }

}  // namespace cairn
