// What a check found whole is noted, so that others know.
#pragma once

#include "store/check/check.h"
#include "store/notes/notes.h"

namespace cairn {

// Writes a note about the snapshots that `report` found whole, if it adds anything: for one without, by a better way, or of another
// day.  An owner's key can; with another, or where the repository can't be written, nothing happens.   Errors: kInterrupted only.
void note_verified(Repository& repository, const CheckReport& report, Statement::How how);

}  // namespace cairn
