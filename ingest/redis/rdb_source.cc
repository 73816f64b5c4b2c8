#include "ingest/redis/rdb_source.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <utility>

#include "ingest/redis/key_parts.h"
#include "ingest/redis/part_names.h"
#include "ingest/redis/rdb_intake.h"
#include "ingest/redis/redis_component.h"

namespace cairn {

namespace {

constexpr size_t kOrderBlock = 8 << 10;      // marks
constexpr size_t kPlaced = 256;              // records: their places lie about in memory, and many at a time wait less
constexpr size_t kMostListed = 1000;         // databases in a property

// "2026-11-20T03:00:00Z"; "" for what is no time.
std::string iso_time(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  if (seconds < 0 || gmtime_r(&time, &parts) == nullptr) return "";
  std::array<char, 64> text;
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
}

class RdbSource : public PartedSource {
 public:
  RdbSource(std::function<size_t(std::span<uint8_t>)> read, size_t sort_memory_bytes) : intake_(std::move(read), sort_memory_bytes) {}

  size_t read(std::span<uint8_t> into) override {
    if (!begun_) begin();
    size_t done = 0;
    while (done < into.size()) {
      const size_t size = current_.empty() ? fill(into.subspan(done)) : put_current(into.subspan(done));
      if (size == 0 && region_ == Region::kEnd) break;
      done += size;
    }
    read_bytes_ += done;
    return done;
  }
  uint64_t settled() const override { return read_bytes_; }
  void take_marks(std::vector<Mark>& marks) override;
  StreamParts parts() override;

 private:
  enum class Region { kRecords, kUse, kInner, kOrder, kExceptions, kVerbatim, kEnd };

  void begin();
  size_t put_current(std::span<uint8_t> into);
  size_t fill(std::span<uint8_t> into);
  void next_region();
  size_t fill_long(std::span<uint8_t> into);
  bool add_record();
  void place();
  void count_database(std::string_view name);
  size_t fill_from(const SpillBuffer& buffer, std::span<uint8_t> into);
  void write_order(const std::vector<uint64_t>& hashes);
  void describe(StreamParts& out);

  RdbIntake intake_;
  bool begun_ = false;
  Region region_ = Region::kRecords;
  std::optional<OrderWriter> order_writer_;
  std::vector<uint64_t> placed_;         // positions, for it
  SpillBuffer use_, inner_, order_, exceptions_;
  KeyParts key_parts_;
  std::string last_database_;            // "0/" : what the names of its keys begin with
  uint64_t long_at_ = 0, long_end_ = 0;  // of a long record, in their buffer: not put out yet
  uint64_t region_at_ = 0;               // of the region's buffer: not put out yet
  ByteView current_;                     // of the record at hand: not put out yet
  uint64_t out_end_ = 0;                 // of what was made, in the stored stream
  uint64_t read_bytes_ = 0;
  std::vector<Mark> marks_;
  size_t next_mark_ = 0;
};

void RdbSource::begin() {
  begun_ = true;
  intake_.read_all();
  RdbRecipe& recipe = intake_.recipe();
  if (recipe.records == 0) {
    region_ = Region::kVerbatim;
    return;
  }
  recipe.width = order_width(recipe.records);
  std::vector<uint64_t> hashes = intake_.take_hashes();
  write_order(hashes);
  order_writer_.emplace(std::move(hashes), recipe.width);
}

// The order list.
void RdbSource::write_order(const std::vector<uint64_t>& hashes) {
  const unsigned width = intake_.recipe().width;
  Bytes block;
  for (size_t at = 0; at < hashes.size(); at += kOrderBlock) {
    const size_t count = std::min(kOrderBlock, hashes.size() - at);
    block.resize(count * width);
    for (size_t i = 0; i < count; ++i) std::memcpy(block.data() + i * width, &hashes[at + i], width);
    order_.append(block);
  }
}

// ---- the stored stream

size_t RdbSource::put_current(std::span<uint8_t> into) {
  const size_t size = std::min(into.size(), current_.size());
  std::memcpy(into.data(), current_.data(), size);
  current_ = current_.subspan(size);
  return size;
}

// 0 when the next record, or another region, is there; or at the end.
size_t RdbSource::fill(std::span<uint8_t> into) {
  size_t size = 0;
  switch (region_) {
    case Region::kRecords:
      if (long_at_ == long_end_ && add_record()) return 0;
      size = fill_long(into);
      break;
    case Region::kUse: size = fill_from(use_, into); break;
    case Region::kInner: size = fill_from(inner_, into); break;
    case Region::kOrder: size = fill_from(order_, into); break;
    case Region::kExceptions: size = fill_from(exceptions_, into); break;
    case Region::kVerbatim: size = fill_from(intake_.verbatim(), into); break;
    case Region::kEnd: return 0;
  }
  if (size == 0) next_region();
  return size;
}

void RdbSource::next_region() {
  if (region_ == Region::kRecords) {
    RdbRecipe& recipe = intake_.recipe();
    place();
    const std::vector<OrderException> exceptions = order_writer_->finish();
    order_writer_.reset();
    recipe.exceptions = exceptions.size();
    exceptions_.append(encode_order_exceptions(exceptions));
    recipe.record_bytes = out_end_;
    recipe.use_bytes = use_.size_bytes();
    recipe.inner_bytes = inner_.size_bytes();
    recipe.exception_bytes = exceptions_.size_bytes();
  }
  region_ = static_cast<Region>(static_cast<int>(region_) + 1);
  region_at_ = 0;
  if (region_ != Region::kEnd && out_end_ > 0 && (marks_.empty() || marks_.back().offset_bytes < out_end_))
    marks_.push_back({.offset_bytes = out_end_});
}

size_t RdbSource::fill_from(const SpillBuffer& buffer, std::span<uint8_t> into) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(into.size(), buffer.size_bytes() - region_at_));
  buffer.read(region_at_, into.first(size));
  region_at_ += size;
  out_end_ += size;
  return size;
}

// A piece of a long record.
size_t RdbSource::fill_long(std::span<uint8_t> into) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(into.size(), long_end_ - long_at_));
  intake_.long_records().read(long_at_, into.first(size));
  long_at_ += size;
  return size;
}

// Goes to the next record in sorted order.  False after the last.
bool RdbSource::add_record() {
  const RecordSorter::Record* const next = intake_.records().next();
  if (next == nullptr) return false;
  const SortedRecord record = SortedRecord::decode(next->value);
  placed_.push_back(record.position);
  if (placed_.size() == kPlaced) place();
  count_database(next->key);
  key_parts_.add(next->key, record.type, record.expires_ms, record.head_bytes, record.record_bytes - record.head_bytes);
  if (intake_.recipe().has_use) {
    const auto length = static_cast<uint8_t>(record.use.size());
    use_.append({&length, 1});
    use_.append(record.use);
  }
  if (out_end_ > 0) marks_.push_back({.offset_bytes = out_end_, .item = true});
  out_end_ += record.record_bytes;
  if (record.spilled) {
    long_at_ = record.spill_begin;
    long_end_ = long_at_ + record.record_bytes;
    if (record.ranks_bytes > 0) {
      Bytes ranks(static_cast<size_t>(record.ranks_bytes));
      intake_.long_records().read(long_end_, ranks);
      inner_.append(ranks);
    }
    return true;
  }
  inner_.append(record.ranks);
  current_ = record.record;
  return true;
}

void RdbSource::place() {
  for (const uint64_t position : placed_) order_writer_->add(position);
  placed_.clear();
}

void RdbSource::count_database(std::string_view name) {
  auto& databases = intake_.recipe().databases;
  if (last_database_.empty() || !name.starts_with(last_database_)) {
    last_database_ = name.substr(0, name.find('/') + 1);
    uint32_t number = 0;
    std::from_chars(last_database_.data(), last_database_.data() + last_database_.size(), number);
    databases.push_back({number, 0});
  }
  ++databases.back().records;
}

void RdbSource::take_marks(std::vector<Mark>& marks) {
  const bool all = region_ == Region::kEnd;
  for (; next_mark_ < marks_.size() && (all || marks_[next_mark_].offset_bytes < read_bytes_); ++next_mark_)
    marks.push_back(marks_[next_mark_]);
  if (next_mark_ < marks_.size() / 2) return;
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<ptrdiff_t>(next_mark_));
  next_mark_ = 0;
}

// ---- what is known at the end

void RdbSource::describe(StreamParts& out) {
  const RdbReader& reader = intake_.reader();
  const RdbRecipe& recipe = intake_.recipe();
  auto& properties = out.properties;
  properties["original"] = "dump.rdb";
  properties["format"] = "rdb";
  properties["rdb.version"] = std::to_string(reader.version());
  properties["rdb.flavor"] = reader.flavor() == RdbFlavor::kValkey ? "valkey" : "redis";
  if (!intake_.server_version().empty()) properties["server.version"] = intake_.server_version();
  if (!intake_.capture().empty()) properties["capture"] = intake_.capture();
  const std::string time = intake_.created_s() ? iso_time(*intake_.created_s()) : "";
  if (!time.empty()) properties["dump.time"] = time;
  std::vector<uint32_t> numbers;
  for (const auto& database : recipe.databases) numbers.push_back(database.number);
  std::ranges::sort(numbers);
  if (numbers.size() > kMostListed) numbers.resize(kMostListed);
  std::string databases;
  for (const uint32_t number : numbers) databases += (databases.empty() ? "" : "\n") + std::to_string(number);
  if (!databases.empty()) properties["databases"] = databases;
  properties["keys"] = std::to_string(recipe.records);
  properties["expiring"] = std::to_string(intake_.expiring());
  properties["functions"] = std::to_string(intake_.function_count());
  if (const auto from = intake_.rest_begin()) properties[std::string(kUnlistedFrom)] = std::to_string(*from);
}

StreamParts RdbSource::parts() {
  const RdbReader& reader = intake_.reader();
  RdbRecipe& recipe = intake_.recipe();
  StreamParts out;
  out.warnings = std::move(intake_.warnings());
  if (reader.unknown()) {
    const std::string behind = std::to_string(intake_.rest_begin().value_or(0));
    out.warnings.push_back("not understood to its end (" + reader.problem() + "): keys behind byte " + behind +
                           " are saved, but can't be listed or restored one by one");
  } else if (!reader.whole()) {
    out.ended = false;
    out.problem = reader.problem();
  } else if (reader.trailing_bytes() > 0) {
    out.warnings.push_back(std::to_string(reader.trailing_bytes()) +
                           " bytes follow the end of the RDB file: saved with it, but not looked into");
  }
  const bool header_only = recipe.records == 0 && intake_.function_count() == 0 && reader.unknown();
  if (header_only || reader.version() == 0) return out;   // it stays a stream
  out.kind = ComponentKind::kRedis;
  describe(out);
  out.sorted_parts = std::move(key_parts_).finish(reader.flavor(), std::move(intake_.functions()).finish());
  if (recipe.records > 0) {
    out.transform = kSortedRdb;
    out.recipe = encode_rdb_recipe(recipe);
  }
  return out;
}

}  // namespace

std::unique_ptr<PartedSource> make_rdb_source(std::function<size_t(std::span<uint8_t>)> read, size_t sort_memory_bytes) {
  return std::make_unique<RdbSource>(std::move(read), sort_memory_bytes);
}

}  // namespace cairn
