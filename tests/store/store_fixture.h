// A real repository in memory, made cheaply, with one way in (a session like a backup's) and one way out (a reader like a
// restore's).  What a test needs to see or to break lies open.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "store/backend/memory.h"
#include "store/check/check.h"
#include "store/read/chunk_reader.h"
#include "store/repository.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"
#include "store/write/write_session.h"
#include "tests/store/temp_dir.h"

namespace cairn {

constexpr std::string_view kTestPassword = "correct horse";
constexpr size_t kTestChunkBytes = 4 << 10;

inline KdfParams cheap_kdf() {
  KdfParams kdf = new_kdf_params();
  kdf.operations = 1;
  kdf.memory_kib = 8 << 10;
  return kdf;
}
inline InitOptions cheap_options(Suite suite = best_suite()) {
  InitOptions options;
  options.kdf = cheap_kdf();
  options.suite = suite;
  return options;
}

// Reproducible bytes that don't compress.
inline Bytes noise(size_t size_bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes out(size_bytes);
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  return out;
}
// Reproducible bytes that do.
inline Bytes prose(size_t size_bytes, uint64_t seed) {
  static constexpr std::string_view kWords[] = {"stone ", "upon ", "stone ", "a ", "cairn ", "marks ", "the ", "way ", "home\n"};
  std::mt19937_64 random(seed);
  Bytes out;
  while (out.size() < size_bytes)
    for (char c : kWords[random() % std::size(kWords)]) out.push_back(static_cast<uint8_t>(c));
  out.resize(size_bytes);
  return out;
}

// What a test backs up: contents by path beneath the component "tree".
using Files = std::map<std::string, Bytes>;

// Two long files (chunk lists), short ones, an empty one, a folder in a folder.
inline Files sample_files(uint64_t seed) {
  return {{"a/b/deep", prose(3000, seed)},         {"a/long", noise(50 << 10, seed + 1)}, {"a/prose", prose(70 << 10, seed + 2)},
          {"empty", {}},                           {"one", noise(1, seed + 3)},           {"same", prose(9000, 7)},
          {"zz/last", noise(kTestChunkBytes, seed + 4)}};
}

// A session and what it needs to store files.
class TestBackup {
 public:
  explicit TestBackup(Repository& repository, FramePolicy policy = {3, 16 << 10})
      : repository_(repository), session_(repository), builder_(session_.make_builder(policy)),
        put_([this](ByteView object) { return session_.put_object(object); }) {}

  WriteSession& session() { return session_; }
  FrameBuilder& builder() { return builder_; }

  // A chunk goes in unless it is known; returns its id.
  ChunkId add_chunk(ByteView bytes) {
    ChunkId id = repository_.keys().chunk_id(bytes);
    std::vector<uint8_t> fresh;
    session_.claim_new({&id, 1}, fresh);
    if (fresh[0]) builder_.add(id, bytes);
    return id;
  }
  Entry add_file(const std::string& name, ByteView bytes) {
    ChunkListWriter list(put_);
    for (size_t at = 0; at < bytes.size(); at += kTestChunkBytes) {
      ByteView chunk = bytes.subspan(at, std::min(kTestChunkBytes, bytes.size() - at));
      list.add({add_chunk(chunk), chunk.size()});
    }
    Entry entry;
    entry.name = name;
    entry.mode = 0644;
    entry.mtime_ns = 1;
    entry.size_bytes = bytes.size();
    entry.content = list.finish();
    return entry;
  }
  Entry add_directory(const std::string& name, const Files& files) {
    std::map<std::string, Files> children;   // a file has one entry with an empty path
    for (const auto& [path, bytes] : files) {
      size_t slash = path.find('/');
      children[path.substr(0, slash)][slash == std::string::npos ? "" : path.substr(slash + 1)] = bytes;
    }
    DirectoryWriter directory(put_);
    for (const auto& [child, beneath] : children)
      directory.add(beneath.begin()->first.empty() ? add_file(child, beneath.begin()->second) : add_directory(child, beneath));
    Entry entry;
    entry.name = name;
    entry.type = EntryType::kDirectory;
    entry.directory = directory.finish();
    entry.size_bytes = directory.size_bytes();
    entry.file_count = directory.file_count();
    return entry;
  }
  Manifest manifest_of(const Files& files, int64_t time_ns = 1) {
    Manifest manifest;
    manifest.time_ns = time_ns;
    manifest.host = "test";
    Entry tree = add_directory("tree", files);
    manifest.components.resize(1);
    manifest.components[0].name = "tree";
    manifest.components[0].size_bytes = tree.size_bytes;
    DirectoryWriter root(put_);
    root.add(tree);
    manifest.root = root.finish();
    return manifest;
  }
  Manifest commit(const Files& files, int64_t time_ns = 1) {
    Manifest manifest = manifest_of(files, time_ns);
    builder_.flush();
    session_.commit(manifest);
    return manifest;
  }

 private:
  Repository& repository_;
  WriteSession session_;
  FrameBuilder builder_;
  PutObject put_;
};

inline Manifest back_up(Repository& repository, const Files& files, int64_t time_ns = 1) {
  return TestBackup(repository).commit(files, time_ns);
}

// What comes back, and what doesn't: by path, "" for the root.
struct ReadBack {
  Files files;
  std::map<std::string, std::string> errors;
};

class TestRestore {
 public:
  TestRestore(Backend& backend, const Keyring& keys, const Index& index) : reader_(backend, keys, index, 1 << 20) {}
  ReadBack read(const ChunkId& root) {
    directory(root, "");
    return std::move(out_);
  }

 private:
  void directory(const ChunkId& id, const std::string& path) {
    try {
      DirectoryReader entries(reader_.object_source(), id);
      while (const Entry* next = entries.next()) {
        Entry entry = *next;
        std::string name = path.empty() ? entry.name : path + "/" + entry.name;
        if (entry.type == EntryType::kDirectory) directory(entry.directory, name);
        else file(entry, name);
      }
    } catch (const Error& e) {
      out_.errors[path] = e.what();
    }
  }
  void file(const Entry& entry, const std::string& path) {
    try {
      Bytes bytes;
      ChunkListReader list(reader_.object_source(), entry.content);
      for (auto refs = list.next(); !refs.empty(); refs = list.next())
        for (const ChunkRef& ref : refs) {
          ByteView chunk = reader_.chunk(ref.id);
          bytes.insert(bytes.end(), chunk.begin(), chunk.end());
        }
      if (bytes.size() != entry.size_bytes) throw Error(ErrorCode::kCorrupt, path + ": of the wrong length");
      out_.files[path.substr(path.find('/') + 1)] = std::move(bytes);
    } catch (const Error& e) {
      out_.errors[path] = e.what();
    }
  }
  ChunkReader reader_;
  ReadBack out_;
};

inline ReadBack read_back(Repository& repository, const Manifest& manifest) {
  return TestRestore(repository.backend(), repository.keys(), repository.index()).read(manifest.root);
}

inline CheckReport check_all(Repository& repository, double read_data_percent = 100) {
  CheckProgress progress;
  return check(repository, {read_data_percent, 2}, progress);
}

// All damage in one text, for messages and for looking.
inline std::string describe(const CheckReport& report) {
  std::string out;
  for (const Damage& d : report.damage) {
    out += d.file + ": " + d.what + "\n";
    for (const Damage::Victim& v : d.victims) out += "  hurts " + v.snapshot + ":" + v.path + "\n";
  }
  return out;
}

// The code of what `call` throws; nullopt when it throws no Error.
template <class Call>
std::optional<ErrorCode> code_of(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return e.code();
  }
  return std::nullopt;
}

// Every test has a repository in memory and a folder for what this machine keeps about it.
class StoreTest : public testing::Test {
 protected:
  explicit StoreTest(Suite suite = best_suite()) { Repository::init(memory, kTestPassword, cheap_options(suite)); }
  Repository open(Backend& backend, const std::string& cache_name = "cache") {
    return Repository(backend, kTestPassword, cache / cache_name);
  }
  Repository open() { return open(memory); }
  std::vector<std::string> names(std::string_view prefix) {
    std::vector<std::string> out;
    for (const StoredFile& file : memory.list(prefix)) out.push_back(file.name);
    return out;
  }
  MemoryBackend memory;
  TempDir cache;
};

}  // namespace cairn
