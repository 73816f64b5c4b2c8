#include "store/check/verified.h"

#include "store/host.h"

namespace cairn {

namespace {

constexpr int64_t kFreshNs = int64_t{24} * 3600 * 1'000'000'000;

}  // namespace

void note_verified(Repository& repository, const CheckReport& report, Statement::How how) {
  if (!repository.keys().maintenance_seed) return;
  try {
    const Notes notes = Notes::load(repository.backend(), repository.keys());
    const int64_t now = now_ns();
    std::vector<Statement> statements;
    for (const SnapshotId& id : report.whole) {
      const Statement* before = notes.find(Statement::Kind::kVerified, id);
      if (before && before->how >= how && now - before->made_ns < kFreshNs) continue;
      Statement s;
      s.kind = Statement::Kind::kVerified;
      s.snapshot = id;
      s.made_ns = now;
      s.how = how;
      statements.push_back(std::move(s));
    }
    put_note(repository.backend(), repository.keys(), std::move(statements));
    compact_notes(repository.backend(), repository.keys());
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
  }
}

}  // namespace cairn
