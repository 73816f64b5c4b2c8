#include "ingest/postgres/part_builder.h"

#include <algorithm>

namespace cairn {

PartBuilder::PartBuilder(const DumpObjects& objects) : objects_(objects), marks_(objects.objects().size()) {}

void PartBuilder::begin(Relations relations) {
  relations_ = relations;
  ++round_;
  chosen_.clear();
  items_.clear();
  optional_.clear();
  wanted_.clear();
  left_out_.clear();
}

void PartBuilder::add(uint32_t object) {
  raise(object, Level::kAsked);
  drain();
}

void PartBuilder::raise(uint32_t object, Level to) {
  Level from = level(object);
  if (to <= from) return;
  if (from == Level::kNone) chosen_.push_back(object);
  marks_[object] = {round_, to};
  work_.push_back({object, from, to});
}

void PartBuilder::drain() {
  while (!work_.empty()) {
    Step step = work_.back();
    work_.pop_back();
    take_all(step.object, step.from, step.to);
  }
}

void PartBuilder::take_all(uint32_t id, Level from, Level to) {
  const DumpObject& object = objects_.objects()[id];
  for (uint32_t item : object.items) {
    switch (objects_.role(item)) {
      case ItemRole::kCore: {
        // A comment on an extension may be made by its owner only, and says what everybody knows.
        bool remark = object.kind == DumpObjectKind::kExtension && objects_.items()[item].type != "EXTENSION";
        Level least = remark ? Level::kAsked : Level::kDefinition;
        if (from < least && to >= least) take(item);
        break;
      }
      case ItemRole::kRows:
        if (from < Level::kWhole && to >= Level::kWhole) items_.push_back(item);
        break;
      case ItemRole::kOptional:
        if (from < Level::kWhole && to >= Level::kWhole) optional_.push_back(item);
        break;
      case ItemRole::kFollows:
      case ItemRole::kNone:
        break;
    }
  }
  take_along(object, to);
}

void PartBuilder::take_along(const DumpObject& object, Level to) {
  if (to >= Level::kWhole) {
    for (uint32_t partition : object.partitions) raise(partition, to);
  }
  if (to == Level::kAsked) add_inherited_triggers(object);
  for (uint32_t sequence : object.sequences) raise(sequence, std::max(to, Level::kWhole));
  for (uint32_t cast : object.casts) raise(cast, Level::kWhole);
  if (object.foreign || object.type == "SERVER" || object.type == "FOREIGN DATA WRAPPER" || object.type == "USER MAPPING") {
    for (uint32_t needed : objects_.foreign_needs()) raise(needed, Level::kWhole);
  }
  if (object.kind == DumpObjectKind::kRoutine) {
    for (uint32_t language : objects_.languages()) raise(language, Level::kWhole);
  }
}

// A partition has the triggers of what it is attached to.
void PartBuilder::add_inherited_triggers(const DumpObject& partition) {
  const DumpObject* at = &partition;
  // A damaged dump might attach in a circle.
  for (size_t depth = 0; !at->parents.empty() && depth < 100; ++depth) {
    if (level(at->parents.front()) >= Level::kWhole) return;
    at = &objects_.objects()[at->parents.front()];
    for (uint32_t item : at->items) {
      if (objects_.items()[item].type == "TRIGGER") optional_.push_back(item);
    }
  }
}

void PartBuilder::take(uint32_t item) {
  items_.push_back(item);
  for (uint32_t needed : objects_.mentioned(item)) {
    const DumpObject& object = objects_.objects()[needed];
    if (!object.relation() || object.kind == DumpObjectKind::kSequence) {
      raise(needed, Level::kWhole);
    } else if (relations_ == Relations::kMadeAlong) {
      raise(needed, Level::kDefinition);
    } else if (!chosen(needed)) {
      wanted_.push_back(needed);
    }
  }
}

// Relations must be there already; a foreign key wants their rows too.
std::vector<uint32_t> PartBuilder::unmet_needs(uint32_t item) const {
  std::vector<uint32_t> out;
  Level least = objects_.items()[item].type == "FK CONSTRAINT" ? Level::kWhole : Level::kDefinition;
  for (uint32_t needed : objects_.mentioned(item)) {
    const DumpObject& object = objects_.objects()[needed];
    if ((object.relation() || object.kind == DumpObjectKind::kSchema) && level(needed) < least) out.push_back(needed);
  }
  return out;
}

void PartBuilder::take_optional(uint32_t item) {
  std::vector<uint32_t> unmet = unmet_needs(item);
  const QualifiedName* missing = objects_.missing(item);
  if (unmet.empty() && missing == nullptr) {
    take(item);
    for (uint32_t follower : objects_.followers(item)) items_.push_back(follower);
    return drain();
  }
  if (level(objects_.object_of(item)) == Level::kAsked) left_out_.push_back({item, std::move(unmet), missing});
}

bool PartBuilder::blocked(uint32_t id, std::vector<uint32_t>& needs) const {
  const DumpObject& object = objects_.objects()[id];
  for (uint32_t item : object.items) {
    if (objects_.role(item) != ItemRole::kCore) continue;
    for (uint32_t needed : objects_.mentioned(item)) {
      const DumpObject& other = objects_.objects()[needed];
      bool of_schema = other.name.schema == object.name.schema;
      bool counts = other.relation() || (of_schema && other.kind != DumpObjectKind::kExtension && other.kind <= DumpObjectKind::kOther);
      if (counts && !chosen(needed)) needs.push_back(needed);
    }
  }
  return !needs.empty();
}

void PartBuilder::add_schema(std::span<const uint32_t> members) {
  auto later = [&](uint32_t id) {
    DumpObjectKind kind = objects_.objects()[id].kind;
    return kind == DumpObjectKind::kView || kind == DumpObjectKind::kRoutine || kind == DumpObjectKind::kOther;
  };
  for (uint32_t id : members) {
    if (!later(id)) add(id);
  }
  // In the dump's order, so that what one of them needs was looked at before it.
  for (uint32_t id : members) {
    if (!later(id)) continue;
    std::vector<uint32_t> needs;
    if (!chosen(id) && blocked(id, needs)) {
      left_out_.push_back({objects_.objects()[id].items.front(), std::move(needs), nullptr});
    } else {
      add(id);
    }
  }
}

void PartBuilder::finish() {
  std::sort(optional_.begin(), optional_.end());
  // Taking one may bring others in.
  for (size_t i = 0; i < optional_.size(); ++i) take_optional(optional_[i]);
  auto settle = [](std::vector<uint32_t>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  settle(items_);
  settle(wanted_);
  std::erase_if(wanted_, [&](uint32_t object) { return chosen(object); });
}

}  // namespace cairn
