#include "ingest/postgres/archive/toc.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace cairn {

namespace {

constexpr std::string_view kMagic = "PGDMP";
constexpr uint64_t kMostTocBytes = uint64_t{256} << 20;
constexpr int kMostEntries = 1'000'000;
constexpr int kFirstMinor = 12, kLastMinor = 16;
constexpr int kAccessMethodMinor = 14, kAlgorithmMinor = 15, kRelationKindMinor = 16;
constexpr int kFormatCustom = 1, kFormatTar = 3;   // a directory's toc.dat says tar
constexpr int kPartitionedTable = 'p';

// Thrown and caught in this file only: the head is not understood.
struct NotUnderstood : TocProblem {
  explicit NotUnderstood(std::string reason, bool breaks_off = false) : TocProblem{std::move(reason), breaks_off} {}
};

class TocReader {
 public:
  TocReader(Input& in, uint64_t limit_bytes, Bytes& head) : in_(in), left_(std::min(limit_bytes, kMostTocBytes)), head_(head) {}

  Toc read(ArchiveFormat format) {
    format_ = format;
    read_versions();
    read_facts();
    const int count = number();
    if (count < 0 || count > kMostEntries) throw NotUnderstood{"an absurd number of entries"};
    for (int i = 0; i < count; ++i) {
      read_entry();
      if (!toc_.by_id.emplace(toc_.entries.back().id, toc_.entries.size() - 1).second) {
        throw NotUnderstood{"two entries with the same number"};
      }
    }
    return std::move(toc_);
  }

 private:
  void read_versions() {
    if (text(bytes(kMagic.size())) != kMagic) throw NotUnderstood{"no archive of pg_dump"};
    const int major = byte();
    toc_.minor_version = byte();
    const int revision = byte();
    if (major != 1 || toc_.minor_version < kFirstMinor || toc_.minor_version > kLastMinor) {
      throw NotUnderstood{"archive version " + std::to_string(major) + "." + std::to_string(toc_.minor_version) + "." + std::to_string(revision)};
    }
    if (byte() != kArchiveIntBytes - 1) throw NotUnderstood{"integers of an unusual size"};
    offset_bytes_ = static_cast<size_t>(byte());
    if (offset_bytes_ < 1 || offset_bytes_ > 8) throw NotUnderstood{"offsets of an unusual size"};
    if (byte() != (format_ == ArchiveFormat::kCustom ? kFormatCustom : kFormatTar)) throw NotUnderstood{"another container than it says"};
  }

  void read_facts() {
    if (toc_.minor_version >= kAlgorithmMinor) {
      static constexpr std::array kCodecs = {PackCodec::kNone, PackCodec::kZlib, PackCodec::kLz4, PackCodec::kZstd};
      const size_t algorithm = static_cast<size_t>(byte());
      if (algorithm >= kCodecs.size()) throw NotUnderstood{"compression number " + std::to_string(algorithm)};
      toc_.codec = kCodecs[algorithm];
    } else {
      toc_.codec = number() == 0 ? PackCodec::kNone : PackCodec::kZlib;
    }
    std::array<int, 7> time{};   // second, minute, hour, day, month from 0, year from 1900, summer time
    for (int& one : time) one = number();
    std::array<char, 100> created{};
    std::snprintf(created.data(), created.size(), "%04lld-%02lld-%02d %02d:%02d:%02d", time[5] + 1900LL, time[4] + 1LL, time[3],
                  time[2], time[1], time[0]);
    toc_.created = created.data();
    toc_.database = string().value_or("");
    toc_.server_version = string();
    toc_.dump_version = string();
  }

  void read_entry() {
    TocEntry& entry = toc_.entries.emplace_back();
    entry.id = number();
    if (entry.id <= 0) throw NotUnderstood{"an entry without a number"};
    entry.has_data = number() != 0;
    string();   // the catalogue's id and
    string();   // the object's
    entry.tag = string().value_or("");
    entry.kind = string().value_or("");
    entry.section = number();
    entry.definition = string().value_or("");
    entry.drop = string().value_or("");
    entry.copy = string().value_or("");
    entry.schema = string();
    entry.tablespace = string();
    if (toc_.minor_version >= kAccessMethodMinor) entry.access_method = string();
    if (toc_.minor_version >= kRelationKindMinor) entry.partitioned = number() == kPartitionedTable;
    entry.owner = string();
    string();   // whether its rows have OIDs
    while (const auto dependency = string()) {
      if (entry.first_dependency == 0) std::from_chars(dependency->data(), dependency->data() + dependency->size(), entry.first_dependency);
    }
    if (format_ == ArchiveFormat::kCustom) {
      bytes(1 + offset_bytes_);
    } else {
      entry.file = string().value_or("");
    }
  }

  int byte() { return bytes(1)[0]; }

  int number() {
    const auto value = archive_int(bytes(kArchiveIntBytes));
    if (!value) throw NotUnderstood{"a damaged number"};
    return static_cast<int>(*value);
  }

  std::optional<std::string> string() {
    int size = number();
    if (size < 0) return std::nullopt;
    std::string out;
    while (size > 0) {
      const ByteView piece = bytes(std::min<size_t>(static_cast<size_t>(size), Input::kMostPeekBytes));
      out += text(piece);
      size -= static_cast<int>(piece.size());
    }
    if (out.find('\0') != out.npos) throw NotUnderstood{"text with a NUL"};
    return out;
  }

  // Valid until the next call.
  ByteView bytes(size_t size) {
    const ByteView have = in_.peek(size);
    if (size > left_) throw NotUnderstood{"a table of contents of more than " + std::to_string(kMostTocBytes >> 20) + " MiB"};
    if (have.size() < size) throw NotUnderstood{"breaks off within its table of contents", true};
    head_.insert(head_.end(), have.begin(), have.begin() + static_cast<ptrdiff_t>(size));
    in_.skip(size);
    left_ -= size;
    return have.first(size);
  }

  Input& in_;
  uint64_t left_;
  Bytes& head_;
  ArchiveFormat format_ = ArchiveFormat::kCustom;
  size_t offset_bytes_ = 0;
  Toc toc_;
};

}  // namespace

std::optional<int64_t> archive_int(ByteView bytes) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + 1, sizeof value);
  if (bytes[0] > 1 || value > static_cast<uint32_t>(std::numeric_limits<int32_t>::max())) return std::nullopt;
  return bytes[0] == 0 ? static_cast<int64_t>(value) : -static_cast<int64_t>(value);
}

std::optional<Toc> read_toc(Input& in, ArchiveFormat format, uint64_t limit_bytes, Bytes& head, TocProblem& problem) {
  try {
    return TocReader(in, limit_bytes, head).read(format);
  } catch (const NotUnderstood& reason) {
    problem = reason;
    return std::nullopt;
  }
}

}  // namespace cairn
