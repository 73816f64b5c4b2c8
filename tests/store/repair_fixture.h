// A repository with two snapshots, and ways to hurt exactly what a test means.
#pragma once

#include <functional>

#include "store/gc/gc_list.h"
#include "store/index/segment.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {

class RepairTest : public StoreTest {
 protected:
  RepairTest() {
    Repository repository = open();
    manifests_.push_back(back_up(repository, contents_[0], 1));
    manifests_.push_back(back_up(repository, contents_[1], 2));
  }
  // Opened with an empty cache: what it answers rests on the repository alone.
  Repository open_fresh() { return open(memory, "fresh-" + std::to_string(++caches_)); }

  std::map<std::string, Bytes> files() { return memory.snapshot(); }
  void change(const std::string& name, const std::function<void(Bytes&)>& how) {
    Bytes bytes = files().at(name);
    how(bytes);
    memory.replace(name, std::move(bytes));
  }
  void flip(const std::string& name, size_t at) {
    change(name, [&](Bytes& bytes) { bytes.at(at) ^= 0x20; });
  }
  // The pack that holds a chunk; one bit of its frame is flipped.
  std::string flip_frame_of(const ChunkId& id) {
    Repository repository = open_fresh();
    auto at = repository.index().find(id);
    PackInfo pack = repository.index().pack(at.value().pack);
    flip(pack_name(pack.id), pack.frames.at(at->frame).offset + 3);
    return pack_name(pack.id);
  }
  ChunkId chunk_of(ByteView content, size_t number = 0) {
    Repository repository = open();
    return repository.keys().chunk_id(content.subspan(number * kTestChunkBytes, std::min(kTestChunkBytes, content.size())));
  }
  std::string pack_of_type(ObjectType type) {
    for (const auto& [name, bytes] : files())
      if (name.starts_with("packs/") && bytes[10] == static_cast<uint8_t>(type)) return name;
    return "";
  }
  // How many files of both snapshots come back, and that none has wrong bytes.
  size_t good_files(Repository& repository) {
    size_t good = 0;
    for (size_t i = 0; i < manifests_.size(); ++i) {
      ReadBack read = read_back(repository, manifests_[i]);
      for (const auto& [path, bytes] : read.files) EXPECT_EQ(bytes, contents_[i].at(path)) << path;
      good += read.files.size();
    }
    return good;
  }
  size_t good_files() {
    Repository repository = open_fresh();
    return good_files(repository);
  }
  size_t all_files() const { return contents_[0].size() + contents_[1].size(); }
  CheckReport check_fresh() {
    Repository repository = open_fresh();
    return check_all(repository);
  }

  using Run = std::function<void(Repository&)>;
  using Look = std::function<void(Repository&, const std::string& when)>;
  // Runs it once for each change it makes to the repository, dying (or failing with `code`) at that one, before it or with its answer
  // lost; looks at what is left each time.
  void sweep_faults(const Run& run, const Look& look, std::optional<ErrorCode> code) {
    const auto start = files();
    std::vector<uint64_t> changes;
    {
      MemoryBackend store(start);
      FaultBackend counting(store);
      Repository repository = open(counting, "counting");
      run(repository);
      auto all = counting.recorded();
      for (uint64_t k = 1; k <= all.size(); ++k) {
        bool change = all[k - 1].operation == Operation::kCommit || all[k - 1].operation == Operation::kRemove;
        if (change && !all[k - 1].name.starts_with("leases/")) changes.push_back(k);
      }
    }
    for (uint64_t k : changes)
      for (Effect effect : {Effect::kNone, Effect::kHappened}) {
        MemoryBackend store(start);
        FaultBackend faults(store);
        if (code) faults.fail_at(k, *code, true, effect);
        else faults.die_at(k, effect);
        std::string when = std::to_string(k) + (effect == Effect::kNone ? " before" : " after");
        try {
          Repository repository = open(faults, "fault-" + when);
          run(repository);
        } catch (const ProcessDied&) {
        } catch (const Error&) {
          EXPECT_TRUE(code) << when;
        }
        Repository after = open(store, "after-" + when);
        look(after, when);
      }
  }
  void sweep_deaths(const Run& run, const Look& look) { sweep_faults(run, look, std::nullopt); }

  Files contents_[2] = {sample_files(1), sample_files(2)};
  std::vector<Manifest> manifests_;
  CheckProgress progress_;
  int caches_ = 0;
};

}  // namespace cairn
