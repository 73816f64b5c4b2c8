// Saves what is good in damaged packs and makes sure that nothing relies on the rest.
//
// First the damaged packs are condemned (a gc list), so that from then on their chunks count as not stored; then every frame of them
// is opened and every chunk's id computed again, and what proves right goes into new packs.  What is lost is uploaded again by the
// next backup that comes across it, and old snapshots are whole again.  A pack is removed only when asked to, and only if all that
// it held is in other packs.
#pragma once

#include <string>
#include <vector>

#include "store/check/check.h"

namespace cairn {

struct RepairPacksOptions {
  std::vector<PackId> packs;   // to look at; empty: all, which reads the whole repository
  bool remove = false;         // packs of which everything is elsewhere
  bool dry_run = false;        // look, and write nothing
  size_t threads = 0;          // that look for damage; 0: as many as there are processors, at most 8
};

struct RepairedPack {
  std::string name;                    // in the repository
  std::vector<std::string> reasons;    // what is wrong, at most kMostReasons
  uint64_t reason_count = 0;
  bool known = true;                   // false: neither its directory nor a segment says what is in it
  uint64_t chunks = 0;                 // that it should hold
  uint64_t saved = 0;                  // of those, written into new packs; in a dry run: good ones
  uint64_t elsewhere = 0;              // that other packs have
  uint64_t lost = 0;                   // that can't be had from anywhere
  bool removed = false;
  std::string kept_because;            // with `remove`
};
constexpr size_t kMostReasons = 20;

struct RepairPacksReport {
  std::vector<RepairedPack> packs;     // the damaged ones
  std::vector<std::string> missing;    // named by a segment and not there: nothing can be done but back up again
  std::vector<std::string> notes;
  uint64_t packs_read = 0;
  uint64_t generation = 0;             // of the gc list that condemns them; 0: nothing was damaged, or a dry run
  uint64_t bytes_stored = 0;           // of new packs and segments
};

// kWrongKey unless an owner's key.   kNotFound for a pack that isn't there.
RepairPacksReport repair_packs(Repository& repository, const RepairPacksOptions& options, CheckProgress& progress);

// The packs that people mean: an id, a unique prefix of one (8 digits at least), or a name "packs/xx/ID".   kNotFound, kInvalidArgument.
std::vector<PackId> choose_packs(Backend& backend, const std::vector<std::string>& names);

}  // namespace cairn
