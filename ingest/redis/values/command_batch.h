// Gathers the words of commands: one at a time, or elements of a container, many to a command.
//
// Memory:   kMostBytes of copies; words longer than that are handed on as they are, alone in their command.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/redis/values/value_commands.h"

namespace cairn {

// A command whose words come one after the other.
class CommandWords {
 public:
  explicit CommandWords(const EmitCommand& emit) : emit_(emit) {}
  // A word that is copied.
  void copied(std::string_view word);
  void number(uint64_t value);
  // One that outlives run().
  void lasting(std::string_view word);
  // Emits it and begins the next.
  void run();
  size_t size() const { return words_.size(); }

 private:
  struct Word {
    const char* lasting;   // nullptr: in copies_, at `offset`
    size_t offset, size;
  };
  const EmitCommand& emit_;
  std::vector<Word> words_;
  std::string copies_;
  std::vector<std::string_view> views_;
};

class CommandBatch {
 public:
  static constexpr size_t kMostBytes = size_t{64} << 10;   // of elements in a command
  static constexpr size_t kMostElements = 512;

  // The command is `beginning` and elements.  Its words must outlive the batch.
  CommandBatch(const EmitCommand& emit, std::initializer_list<std::string_view> beginning) : words_(emit), beginning_(beginning) {}
  // An element of one or more words, which may go afterwards.
  void add(std::initializer_list<std::string_view> element);
  // Emits what waits.
  void flush();
  size_t waiting() const { return elements_; }

 private:
  void begin();

  CommandWords words_;
  const std::vector<std::string_view> beginning_;
  size_t elements_ = 0, bytes_ = 0;
};

}  // namespace cairn
