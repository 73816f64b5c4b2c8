#include "ingest/redis/values/value_commands.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "ingest/redis/values/command_batch.h"
#include "ingest/redis/values/hash_fields.h"
#include "ingest/redis/values/intset.h"
#include "ingest/redis/values/listpack.h"
#include "ingest/redis/values/quicklist.h"
#include "ingest/redis/values/stream_commands.h"
#include "ingest/redis/values/value_reader.h"
#include "ingest/redis/values/ziplist.h"

namespace cairn {

namespace {

enum Type : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZsetOfTexts = 3,
  kZset = 5,
  kModuleFirst = 6,
  kModule = 7,
  kListZiplist = 10,
  kIntset = 11,
  kZsetZiplist = 12,
  kQuicklistOfZiplists = 14,
  kZsetListpack = 17,
  kQuicklistOfListpacks = 18,
  kSetListpack = 20,
};

// A score as its shortest digits that mean exactly it.
class ScoreText {
 public:
  ScoreText(ValueReader& in, double score) {
    if (std::isnan(score)) in.bytes().fail("a score that isn't a number");
    size_ = static_cast<size_t>(std::to_chars(digits_.data(), digits_.data() + digits_.size(), score).ptr - digits_.data());
  }
  std::string_view text() const { return {digits_.data(), size_}; }

 private:
  std::array<char, 32> digits_;
  size_t size_;
};

double parse_score(ValueReader& in, std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double score = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
  if (error != std::errc() || end != text.data() + text.size()) in.bytes().fail("a score that isn't a number");
  return score;
}

// A score of the oldest encoding: its length and text, or a length that stands for infinity.
double read_score_text(ValueReader& in) {
  const uint8_t length = in.bytes().u8();
  if (length == 255) return -std::numeric_limits<double>::infinity();
  if (length == 254) return std::numeric_limits<double>::infinity();
  if (length == 253) return std::numeric_limits<double>::quiet_NaN();
  return parse_score(in, text(in.bytes().raw(length)));
}

// Lists and sets as strings one after the other.
void add_strings(ValueReader& in, CommandBatch& batch) {
  std::string scratch;
  for (uint64_t left = in.length(); left > 0; --left) batch.add({in.string(scratch)});
}

template <class Reader>
void add_packed(ValueReader& in, CommandBatch& batch) {
  std::string scratch;
  Reader elements(view(in.string(scratch)));
  for (PackedElement one; elements.next(one);) batch.add({one.text()});
}

void add_integers(ValueReader& in, CommandBatch& batch) {
  std::string scratch;
  IntsetReader integers(view(in.string(scratch)));
  for (int64_t one; integers.next(one);) batch.add({PackedElement(one).text()});
}

void add_scored(ValueReader& in, bool texts, CommandBatch& batch) {
  std::string scratch;
  for (uint64_t left = in.length(); left > 0; --left) {
    const std::string_view member = in.string(scratch);
    const double score = texts ? read_score_text(in) : std::bit_cast<double>(in.bytes().u64());
    batch.add({ScoreText(in, score).text(), member});
  }
}

template <class Reader>
void add_packed_scored(ValueReader& in, CommandBatch& batch) {
  std::string scratch;
  Reader elements(view(in.string(scratch)));
  for (PackedElement member, score; elements.next(member);) {
    if (!elements.next(score)) in.bytes().fail("a sorted set whose last member has no score");
    batch.add({ScoreText(in, parse_score(in, score.text())).text(), member.text()});
  }
}

// HPEXPIREAT for fields that expire together; of those that follow each other.
class FieldExpiry {
 public:
  FieldExpiry(std::string_view key, const EmitCommand& emit) : key_(key), words_(emit) {}

  void add(std::string_view name, int64_t expires_ms) {
    const bool full = names_.size() == CommandBatch::kMostElements || bytes_ > CommandBatch::kMostBytes;
    if (!names_.empty() && (full || expires_ms != expires_ms_)) flush();
    expires_ms_ = expires_ms;
    names_.emplace_back(name);
    bytes_ += name.size();
  }

  void flush() {
    if (names_.empty()) return;
    words_.lasting("HPEXPIREAT");
    words_.lasting(key_);
    words_.copied(std::to_string(expires_ms_));
    words_.lasting("FIELDS");
    words_.number(names_.size());
    for (const std::string& name : names_) words_.lasting(name);
    words_.run();
    names_.clear();
    bytes_ = 0;
  }

 private:
  const std::string_view key_;
  CommandWords words_;
  std::vector<std::string> names_;
  size_t bytes_ = 0;
  int64_t expires_ms_ = 0;
};

void hash_commands(RdbFlavor flavor, uint8_t type, std::string_view key, ByteView value, bool fields_expire, const EmitCommand& emit) {
  const auto each = [&](const std::function<void(const HashField&)>& field) {
    ValueReader in(value);
    read_hash(type, flavor, in, field);
    in.bytes().finish();
  };
  if (may_expire_fields(type) && !fields_expire) {
    each([](const HashField& field) {
      if (field.expires_ms) throw Error(ErrorCode::kUnsupported, "hash: its fields expire, and the server can't let fields expire");
    });
  }
  bool some_expire = false;
  CommandBatch batch(emit, {"HSET", key});
  each([&](const HashField& field) {
    batch.add({field.name, field.value});
    some_expire = some_expire || field.expires_ms;
  });
  batch.flush();
  if (!some_expire) return;
  // Afterwards: a field whose time is over is gone at once, and the key with its last field.
  FieldExpiry expiry(key, emit);
  each([&](const HashField& field) {
    if (field.expires_ms) expiry.add(field.name, *field.expires_ms);
  });
  expiry.flush();
}

void string_command(std::string_view key, ValueReader& in, const EmitCommand& emit) {
  std::string scratch;
  const std::string_view value = in.string(scratch);
  in.bytes().finish();
  const std::array<std::string_view, 3> words = {"SET", key, value};
  emit(words);
}

// Reads a list, a set or a sorted set.   Requires: command_of(type).
void add_elements(uint8_t type, ValueReader& in, CommandBatch& batch) {
  const auto element = [&](std::string_view one) { batch.add({one}); };
  switch (type) {
    case kList:
    case kSet: return add_strings(in, batch);
    case kListZiplist: return add_packed<ZiplistReader>(in, batch);
    case kQuicklistOfZiplists: return read_quicklist_of_ziplists(in, element);
    case kQuicklistOfListpacks: return read_quicklist_of_listpacks(in, element);
    case kIntset: return add_integers(in, batch);
    case kSetListpack: return add_packed<ListpackReader>(in, batch);
    case kZsetOfTexts: return add_scored(in, true, batch);
    case kZset: return add_scored(in, false, batch);
    case kZsetZiplist: return add_packed_scored<ZiplistReader>(in, batch);
    case kZsetListpack: return add_packed_scored<ListpackReader>(in, batch);
  }
}

// What adds elements to a value of this type; "" when it isn't one that add_elements() knows.
std::string_view command_of(uint8_t type) {
  switch (type) {
    case kList:
    case kListZiplist:
    case kQuicklistOfZiplists:
    case kQuicklistOfListpacks: return "RPUSH";
    case kSet:
    case kIntset:
    case kSetListpack: return "SADD";
    case kZsetOfTexts:
    case kZset:
    case kZsetZiplist:
    case kZsetListpack: return "ZADD";
  }
  return "";
}

}  // namespace

void value_commands(RdbFlavor flavor, uint8_t type, std::string_view key, ByteView value, bool fields_expire, const EmitCommand& emit,
                    bool stream_counters) {
  ValueReader in(value);
  if (type == kString) return string_command(key, in, emit);
  if (is_hash(flavor, type)) return hash_commands(flavor, type, key, value, fields_expire, emit);
  if (is_stream(type)) return stream_commands(type, key, value, stream_counters, emit);
  const std::string_view command = command_of(type);
  if (command.empty()) {
    throw Error(ErrorCode::kUnsupported, type == kModuleFirst || type == kModule
                                             ? "a module's value: only the module knows what it means; restore it without --logical"
                                             : "a value of type " + std::to_string(type) + ": not known; restore it without --logical");
  }
  CommandBatch batch(emit, {command, key});
  add_elements(type, in, batch);
  in.bytes().finish();
  batch.flush();
}

}  // namespace cairn
