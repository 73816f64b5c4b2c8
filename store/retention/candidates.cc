#include "store/retention/candidates.h"

#include "store/error.h"
#include "store/retention/arrivals.h"

namespace cairn {

namespace {

void append(std::string& key, std::string_view field) { key += std::to_string(field.size()) + ":" + std::string(field) + ","; }

std::string group_of(const Manifest& m, const CandidateOptions& options) {
  std::string key = m.credited_author().hex();
  if (options.group_by.host) append(key, m.host);
  if (options.group_by.tags) {
    for (const std::string& tag : m.tags) append(key, tag);
    key += ";";
  }
  if (options.group_by.components && !options.by_component)
    for (const ComponentInfo& component : m.components) append(key, component.name);
  return key;
}

}  // namespace

GroupBy parse_group_by(std::string_view text) {
  GroupBy out{false, false, false};
  if (text == "none") return out;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    const std::string_view name = rest.substr(0, comma);
    if (name == "host") out.host = true;
    else if (name == "components") out.components = true;
    else if (name == "tags") out.tags = true;
    else
      throw Error(ErrorCode::kInvalidArgument, "--group-by \"" + printable(text) + "\": write some of host,components,tags, or none");
    if (comma == std::string_view::npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<RetentionSnapshot> retention_snapshots(std::span<const Manifest> snapshots, const CandidateOptions& options, int64_t created_ns) {
  std::vector<Arrival> arrivals;
  for (const Manifest& m : snapshots)
    arrivals.push_back({m.credited_author(), m.host, m.author_role == Role::kWriter, m.time_ns, m.received_ns});
  const std::vector<BelievedTime> times = believed_times(arrivals, created_ns);
  std::vector<RetentionSnapshot> out(snapshots.size());
  for (size_t i = 0; i < snapshots.size(); ++i) {
    const Manifest& m = snapshots[i];
    RetentionSnapshot& s = out[i];
    s.id = m.id;
    s.group = group_of(m, options);
    s.time_ns = times[i].time_ns;
    s.doubt = times[i].doubt;
    s.tags = m.tags;
    for (const ComponentInfo& component : m.components)
      s.components.push_back({component.name, component.completeness == Completeness::kIncomplete});
    s.is_protected = m.is_protected;
    s.verified = m.verified_ns != 0;
    s.late = m.late;
    if (times[i].burst > 0 && !options.allow_burst)
      s.held = std::to_string(times[i].burst) + " snapshots of its writer arrived within a day";
  }
  return out;
}

}  // namespace cairn
