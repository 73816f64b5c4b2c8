#include "store/index/database.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "store/parallel.h"

namespace cairn {

namespace fs = std::filesystem;

struct IndexDatabase::Handle {
  std::unique_ptr<rocksdb::DB> db;
};

namespace {

constexpr uint64_t kMostKeysInMemory = 400'000, kNever = UINT64_MAX;
constexpr uint64_t kFirstCount = 256;  // so many asked keys make it worth knowing how many there are

rocksdb::Options make_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(32 << 20);
  table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(10, 0));
  table.block_size = 8 << 10;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;  // ids are random
  options.write_buffer_size = 4 << 20;            // everything comes by file ingestion
  options.max_background_jobs = 2;
  options.max_open_files = -1;
  options.keep_log_file_num = 1;
  options.info_log_level = rocksdb::FATAL_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

void require(const rocksdb::Status& status) {
  if (status.ok()) return;
  if (status.IsNoSpace()) throw Error(ErrorCode::kNoSpace, "local index: " + status.ToString());
  // A missing or unreadable file of the database is as good as a damaged one: it can be rebuilt.
  throw DatabaseDamaged(status.ToString());
}

// Of an ingestion that was killed; or an empty log: each opening makes one, and where all is ingested RocksDB 7.8 never takes them
// away but looks at them all at each opening (its issue 11313).
bool is_left_over(const fs::directory_entry& file) {
  std::error_code failed;
  return file.path().extension() == ".tmp" || (file.path().extension() == ".log" && file.file_size(failed) == 0 && !failed);
}

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

IndexDatabase::IndexDatabase(const std::string& folder, Access access) : folder_(folder), handle_(std::make_unique<Handle>()) { open(access); }

IndexDatabase::IndexDatabase() : handle_(std::make_unique<Handle>()) { open_private(); }

IndexDatabase::~IndexDatabase() {
  handle_.reset();
  std::error_code ignored;
  if (!private_folder_.empty()) fs::remove_all(private_folder_, ignored);
}

void IndexDatabase::open(Access access) {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (access == Access::kOwn) lock_ = Fd(::open((folder_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  rocksdb::DB* db = nullptr;
  if (lock_.get() >= 0 && ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) {
    for (const auto& file : fs::directory_iterator(folder_, failed))
      if (is_left_over(file)) fs::remove(file.path(), failed);
    rocksdb::Status status = rocksdb::DB::Open(make_options(), folder_, &db);
    if (!status.ok()) {  // old, foreign or damaged
      fs::remove_all(folder_, failed);
      fs::create_directories(folder_, failed);
      status = rocksdb::DB::Open(make_options(), folder_, &db);
    }
    if (status.ok()) {
      handle_->db.reset(db);
      writable_ = true;
      return;
    }
  }
  // The writer may be deleting files under us while we open: a few tries settle that.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (!rocksdb::DB::OpenForReadOnly(make_options(), folder_, &db).ok()) continue;
    handle_->db.reset(db);
    writable_ = false;
    return;
  }
  open_private();
}

void IndexDatabase::open_private() {
  std::string pattern = (fs::temp_directory_path() / "cairn-index-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) throw_errno("local index: " + pattern);
  private_folder_ = pattern;
  rocksdb::DB* db = nullptr;
  require(rocksdb::DB::Open(make_options(), private_folder_, &db));
  handle_->db.reset(db);
  writable_ = true;
}

std::optional<std::string> IndexDatabase::get(std::string_view key) const {
  std::string value;
  rocksdb::Status status = handle_->db->Get({}, slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  require(status);
  return value;
}

// From the properties that every table carries: RocksDB's own estimate is 0 of tables that were ingested and not read yet.
uint64_t IndexDatabase::count_keys() const {
  rocksdb::TablePropertiesCollection tables;
  require(handle_->db->GetPropertiesOfAllTables(&tables));
  uint64_t count = 0;
  for (const auto& [name, properties] : tables) count += properties->num_entries;
  return count;
}

// On all processors, each a share of the ids that follow the first byte.  nullopt: they don't fit into a table.
std::optional<MemoryTable> IndexDatabase::read_all(char first_byte) const {
  if (get({&first_byte, 1})) return std::nullopt;   // one without an id
  std::vector<MemoryTable> shares(processor_count());
  std::atomic<bool> fits = true;
  in_parallel(shares.size(), [&](size_t share) {
    for (size_t second = 256 * share / shares.size(); second < 256 * (share + 1) / shares.size(); ++second) {
      const std::array<char, 2> prefix = {first_byte, static_cast<char>(second)};
      scan({prefix.data(), prefix.size()}, [&](std::string_view key, std::string_view value) {
        if (!shares[share].add(key, value)) fits = false;
      });
    }
  });
  for (size_t share = 1; share < shares.size() && fits; ++share) fits = shares[0].append(shares[share]);
  if (!fits) return std::nullopt;
  shares[0].arrange();
  return std::move(shares[0]);
}

// All keys of a small database cost less than looking up an eighth of them.  False: not now.
bool IndexDatabase::load_into_memory(char first_byte) const {
  if (!loaded_) {
    if (asked_ < kFirstCount) return false;
    if (load_at_ == 0) {
      const uint64_t count = count_keys();
      load_at_ = count > kMostKeysInMemory ? kNever : count / 8 + 1;
    }
    if (asked_ < load_at_) return false;
    std::lock_guard lock(loading_);
    if (!loaded_) {
      std::optional<MemoryTable> table = read_all(first_byte);
      if (!table) {
        load_at_ = kNever;
        return false;
      }
      table_ = std::move(*table);
      loaded_byte_ = first_byte;
      loaded_ = true;
    }
  }
  return loaded_byte_ == first_byte;
}

void IndexDatabase::expect_all(char first_byte) const {
  asked_ = UINT64_MAX / 2;
  load_into_memory(first_byte);
}

void IndexDatabase::get_many(const std::vector<std::string_view>& keys, const std::function<void(size_t, std::string_view)>& found) const {
  if (keys.empty()) return;
  asked_ += keys.size();
  if (keys.front().front() == keys.back().front() && load_into_memory(keys.front().front())) {
    for (size_t i = 0; i < keys.size(); ++i)
      if (const std::string_view value = table_.find(keys[i]); !value.empty()) found(i, value);
    return;
  }
  if (keys.size() == 1) {   // costs half of a MultiGet of one
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = handle_->db->Get({}, handle_->db->DefaultColumnFamily(), slice(keys[0]), &value);
    if (status.IsNotFound()) return;
    require(status);
    return found(0, value.ToStringView());
  }
  std::vector<rocksdb::Slice> slices(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) slices[i] = slice(keys[i]);
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  handle_->db->MultiGet({}, handle_->db->DefaultColumnFamily(), keys.size(), slices.data(), values.data(), statuses.data(),
                        /*sorted_input=*/true);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    require(statuses[i]);
    found(i, values[i].ToStringView());
  }
}

void IndexDatabase::scan(std::string_view prefix, const std::function<void(std::string_view, std::string_view)>& visit) const {
  rocksdb::ReadOptions once;   // what is read once needn't push out what is asked for again and again
  once.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(handle_->db->NewIterator(once));
  for (it->Seek(slice(prefix)); it->Valid() && it->key().starts_with(slice(prefix)); it->Next())
    visit(it->key().ToStringView(), it->value().ToStringView());
  require(it->status());
}

void IndexDatabase::forget_memory() {
  loaded_ = false;
  asked_ = load_at_ = 0;
  table_ = {};
}

void IndexDatabase::ingest(const std::vector<std::pair<std::string, std::string>>& pairs) {
  if (pairs.empty()) return;
  forget_memory();
  std::string file = (private_folder_.empty() ? folder_ : private_folder_) + "/ingest-" + std::to_string(::getpid()) + "-" +
                     std::to_string(next_file_++) + ".tmp";
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), make_options());
  require(writer.Open(file));
  for (const auto& [key, value] : pairs) require(writer.Put(key, value));
  require(writer.Finish());
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  require(handle_->db->IngestExternalFile({file}, options));
}

void IndexDatabase::clear() {
  forget_memory();
  handle_->db.reset();
  std::error_code ignored;
  if (!writable_) return open_private();
  fs::remove_all(private_folder_.empty() ? folder_ : private_folder_, ignored);
  rocksdb::DB* db = nullptr;
  const std::string& place = private_folder_.empty() ? folder_ : private_folder_;
  fs::create_directories(place, ignored);
  if (rocksdb::Status status = rocksdb::DB::Open(make_options(), place, &db); !status.ok()) return open_private();
  handle_->db.reset(db);
}

}  // namespace cairn
