// A cache of values that are loaded once, whoever asks at the same time, and stay where they are while somebody uses them.
//
// Memory:   `most_bytes`, and what is in use beyond that.
// Threads:  thread-safe.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace cairn {

template <class Key, class Value, class Hash = std::hash<Key>>
class PinnedCache {
  struct Item {
    Key key;
    std::unique_ptr<Value> value;   // nullptr: on its way
    size_t bytes = 0;
    size_t pins = 0;
    bool dropped = false;           // nobody finds it any more
  };
  using Place = typename std::list<Item>::iterator;

 public:
  explicit PinnedCache(size_t most_bytes) : most_bytes_(most_bytes) {}

  // Keeps the value where it is.  Must not outlive the cache.
  class Pin {
   public:
    Pin(PinnedCache& cache, Place item) : cache_(&cache), item_(item) {}
    Pin(Pin&& other) noexcept : cache_(std::exchange(other.cache_, nullptr)), item_(other.item_) {}
    Pin& operator=(Pin&& other) noexcept {
      if (this != &other) {
        release();
        cache_ = std::exchange(other.cache_, nullptr);
        item_ = other.item_;
      }
      return *this;
    }
    ~Pin() { release(); }
    Value& operator*() const { return *item_->value; }
    Value* operator->() const { return item_->value.get(); }

   private:
    void release() {
      if (cache_) cache_->unpin(item_);
    }
    PinnedCache* cache_;
    Place item_;
  };

  struct Loaded {
    std::unique_ptr<Value> value;
    size_t bytes = 0;
  };

  // The value; load() → Loaded makes it when it isn't there, outside of any lock.  What load() throws goes to its caller alone: whoever
  // waited for it tries by itself.
  template <class Load>
  Pin get(const Key& key, Load load) {
    std::unique_lock lock(mu_);
    for (;;) {
      auto found = places_.find(key);
      if (found == places_.end()) break;
      if (found->second->value) return pin(found->second);
      loaded_.wait(lock);
    }
    items_.push_front({key, nullptr, 0, 1, false});
    const Place place = items_.begin();
    places_.emplace(key, place);
    lock.unlock();
    try {
      Loaded loaded = load();
      lock.lock();
      place->value = std::move(loaded.value);
      place->bytes = loaded.bytes;
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      places_.erase(key);
      items_.erase(place);
      loaded_.notify_all();
      throw;
    }
    bytes_ += place->bytes;
    loaded_.notify_all();
    shrink();
    return Pin(*this, place);
  }

  // Nobody finds the value any more, other than those who have it.
  void drop(const Key& key) {
    std::lock_guard lock(mu_);
    auto found = places_.find(key);
    if (found == places_.end() || !found->second->value) return;
    found->second->dropped = true;
    const Place place = found->second;
    places_.erase(found);
    if (place->pins == 0) remove(place);
  }
  // True when it is there, or on its way.
  bool has(const Key& key) const {
    std::lock_guard lock(mu_);
    return places_.contains(key);
  }
  size_t bytes() const {
    std::lock_guard lock(mu_);
    return bytes_;
  }

 private:
  Pin pin(Place place) {
    ++place->pins;
    items_.splice(items_.begin(), items_, place);
    return Pin(*this, place);
  }
  void unpin(Place place) {
    std::lock_guard lock(mu_);
    if (--place->pins == 0 && place->dropped) remove(place);
    shrink();
  }
  // REQUIRES: mu_ held, not in places_, no pins
  Place remove(Place place) {
    bytes_ -= place->bytes;
    return items_.erase(place);
  }
  // Drops what was used longest ago.  REQUIRES: mu_ held
  void shrink() {
    for (auto it = items_.end(); bytes_ > most_bytes_ && it != items_.begin();) {
      --it;
      if (it->pins > 0) continue;
      places_.erase(it->key);
      it = remove(it);
    }
  }

  const size_t most_bytes_;
  mutable std::mutex mu_;
  std::condition_variable loaded_;
  size_t bytes_ = 0;                                  // guarded by mu_, as is all below
  std::list<Item> items_;                             // most recently used first
  std::unordered_map<Key, Place, Hash> places_;
};

}  // namespace cairn
