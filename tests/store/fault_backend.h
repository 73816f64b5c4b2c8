// A backend that counts and records every operation, and fails or dies at the k-th.
//
//   FaultBackend faults(memory);
//   backup(faults);  uint64_t n = faults.count();
//   for (uint64_t k = 1; k <= n; ++k) { fresh memory; faults.fail_at(k, ErrorCode::kIo); …; reopen; check the invariants }
//
// Operations are counted from 1, in the order in which they begin, across all threads of this backend; a list_foreign counts as
// a list.  Effect says what a failing commit or remove did before it failed: nothing, or everything (the answer got lost).
// Threads:  thread-safe; set the fault while nothing runs.   Lifetime: the inner backend must outlive it.
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <type_traits>

#include "store/backend/backend.h"
#include "store/error.h"

namespace cairn {

// What a dead process would do: nothing any more.  Not an Error, so that nothing takes it for one.
struct ProcessDied {};

enum class Operation { kList, kSize, kRead, kCreate, kAppend, kCommit, kRemove };
enum class Effect { kNone, kHappened };

struct Recorded {
  Operation operation;
  std::string name;    // or the prefix
  uint64_t bytes = 0;  // read, appended; for a commit: all that was appended
};

class FaultBackend final : public Backend {
 public:
  explicit FaultBackend(Backend& inner) : inner_(inner) {}

  // The k-th operation throws an Error; sticky: so does every later one.
  void fail_at(uint64_t k, ErrorCode code, bool sticky = false, Effect effect = Effect::kNone) {
    set(Fault{k, code, sticky, effect});
  }
  // The k-th operation throws ProcessDied, and so does every later one.
  void die_at(uint64_t k, Effect effect = Effect::kNone) { set(Fault{k, std::nullopt, true, effect}); }
  // No fault, an empty record, counting from 1 again.
  void clear() {
    set(std::nullopt);
    std::lock_guard lock(mu_);
    recorded_.clear();
  }

  uint64_t count() const {
    std::lock_guard lock(mu_);
    return recorded_.size();
  }
  std::vector<Recorded> recorded() const {
    std::lock_guard lock(mu_);
    return recorded_;
  }
  // "An unchanged backup commits no pack": EXPECT_EQ(0u, faults.count_of(Operation::kCommit, "packs/")).
  uint64_t count_of(Operation operation, std::string_view prefix = "") const {
    std::lock_guard lock(mu_);
    auto wanted = [&](const Recorded& r) { return r.operation == operation && r.name.starts_with(prefix); };
    return static_cast<uint64_t>(std::count_if(recorded_.begin(), recorded_.end(), wanted));
  }
  uint64_t bytes_of(Operation operation, std::string_view prefix = "") const {
    uint64_t sum = 0;
    for (const Recorded& r : recorded()) sum += r.operation == operation && r.name.starts_with(prefix) ? r.bytes : 0;
    return sum;
  }

  std::vector<StoredFile> list(std::string_view prefix) override {
    return run(Operation::kList, prefix, 0, [&] { return inner_.list(prefix); });
  }
  uint64_t size(std::string_view name) override {
    return run(Operation::kSize, name, 0, [&] { return inner_.size(name); });
  }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override {
    return run(Operation::kRead, name, length, [&] { return inner_.read(name, offset, length); });
  }
  std::unique_ptr<Upload> create(std::string_view name) override {
    return run(Operation::kCreate, name, 0, [&]() -> std::unique_ptr<Upload> {
      return std::make_unique<FaultUpload>(*this, name, inner_.create(name));
    });
  }
  bool remove(std::string_view name) override {
    return run(Operation::kRemove, name, 0, [&] { return inner_.remove(name); });
  }
  std::vector<std::string> list_foreign() override {
    return run(Operation::kList, "", 0, [&] { return inner_.list_foreign(); });
  }
  std::string describe() const override { return inner_.describe(); }

 private:
  struct Fault {
    uint64_t k;
    std::optional<ErrorCode> code;  // nullopt: the process dies
    bool sticky;
    Effect effect;
  };

  class FaultUpload final : public Upload {
   public:
    FaultUpload(FaultBackend& faults, std::string_view name, std::unique_ptr<Upload> inner)
        : faults_(faults), name_(name), inner_(std::move(inner)) {}
    void append(ByteView bytes) override {
      faults_.run(Operation::kAppend, name_, bytes.size(), [&] { inner_->append(bytes); });
      size_bytes_ += bytes.size();
    }
    void commit() override {
      faults_.run(Operation::kCommit, name_, size_bytes_, [&] { inner_->commit(); });
    }

   private:
    FaultBackend& faults_;
    std::string name_;
    std::unique_ptr<Upload> inner_;
    uint64_t size_bytes_ = 0;
  };

  void set(std::optional<Fault> fault) {
    std::lock_guard lock(mu_);
    fault_ = fault;
  }

  template <class Do>
  auto run(Operation operation, std::string_view name, uint64_t bytes, Do work) -> std::invoke_result_t<Do> {
    uint64_t number = 0;
    std::optional<Fault> fault;
    {
      std::lock_guard lock(mu_);
      recorded_.push_back({operation, std::string(name), bytes});
      number = recorded_.size();
      fault = fault_;
    }
    if (!fault || number < fault->k || (number > fault->k && !fault->sticky)) return work();
    bool changes = operation == Operation::kCommit || operation == Operation::kRemove;
    if (number == fault->k && changes && fault->effect == Effect::kHappened) work();
    if (!fault->code) throw ProcessDied();
    throw Error(*fault->code, std::string(name) + ": made to fail (operation " + std::to_string(number) + ")");
  }

  Backend& inner_;
  mutable std::mutex mu_;
  std::vector<Recorded> recorded_;  // guarded by mu_; its size is the counter
  std::optional<Fault> fault_;      // guarded by mu_
};

}  // namespace cairn
