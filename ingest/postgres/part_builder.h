// Chooses the statements of one part: what is asked for, and all that it can't be loaded without.
//
// One object serves for many parts, one after another: its tables are as long as the dump has objects, and are cleared by counting.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ingest/postgres/dependencies.h"

namespace cairn {

class PartBuilder {
 public:
  // Relations that a view reads or a function names: made along, without rows (a table's default may need them), or only told of.
  enum class Relations { kMadeAlong, kWanted };

  // A statement that isn't in the part, for it refers to what isn't.
  struct LeftOut {
    uint32_t item;
    std::vector<uint32_t> needs;              // objects
    const QualifiedName* missing = nullptr;   // what the dump doesn't hold
  };

  // `objects` must outlive this.
  explicit PartBuilder(const DumpObjects& objects);

  void begin(Relations relations);
  // With its rows, its partitions, and everything optional that needs nothing else.
  void add(uint32_t object);
  void add_item(uint32_t item) { items_.push_back(item); }
  // All of a schema's.  Views and functions that name relations of other schemas are left out, tables never.
  void add_schema(std::span<const uint32_t> members);
  // Nothing may be added afterwards, until begin().
  void finish();

  bool chosen(uint32_t object) const { return level(object) != Level::kNone; }
  bool chosen_whole(uint32_t object) const { return level(object) >= Level::kWhole; }
  const std::vector<uint32_t>& chosen() const { return chosen_; }
  const std::vector<uint32_t>& items() const { return items_; }          // ascending
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  // Relations that are only told of (ascending); objects of a schema that were left out as a whole are in left_out().
  const std::vector<uint32_t>& wanted() const { return wanted_; }

 private:
  enum class Level : uint8_t { kNone, kDefinition, kWhole, kAsked };

  Level level(uint32_t object) const { return marks_[object].round == round_ ? marks_[object].level : Level::kNone; }
  void raise(uint32_t object, Level to);
  void drain();
  void take(uint32_t item);
  void take_all(uint32_t object, Level from, Level to);
  void take_along(const DumpObject& object, Level to);
  void add_inherited_triggers(const DumpObject& partition);
  void take_optional(uint32_t item);
  std::vector<uint32_t> unmet_needs(uint32_t item) const;
  bool blocked(uint32_t object, std::vector<uint32_t>& needs) const;

  struct Mark {
    uint32_t round = 0;
    Level level = Level::kNone;
  };
  struct Step {
    uint32_t object;
    Level from, to;
  };
  const DumpObjects& objects_;
  Relations relations_ = Relations::kMadeAlong;
  uint32_t round_ = 0;
  std::vector<Mark> marks_;
  std::vector<Step> work_;
  std::vector<uint32_t> chosen_, items_, optional_, wanted_;
  std::vector<LeftOut> left_out_;
};

}  // namespace cairn
