#include "store/retention/arrivals.h"

#include <algorithm>
#include <deque>
#include <map>

namespace cairn {

namespace {

// Everything that arrived until then came with a copy of the repository; INT64_MIN when it wasn't copied.
int64_t end_of_copying(std::span<const Arrival> arrivals, int64_t created_ns) {
  int64_t first = INT64_MAX;
  for (const Arrival& a : arrivals)
    if (a.received_ns > 0) first = std::min(first, a.received_ns);
  return first == INT64_MAX || first - created_ns <= kDayNs ? INT64_MIN : first + kDayNs;
}

// What is known of one author's snapshots of one host, in order of their arrival.
struct Line {
  struct Seen {
    int64_t received_ns = 0, time_ns = 0;
  };
  std::deque<Seen> recent;         // less than kOutOfOrderNs before the one that is looked at
  int64_t newest_ns = INT64_MIN;   // of all before those

  void advance(int64_t received_ns) {
    while (!recent.empty() && received_ns - recent.front().received_ns >= kOutOfOrderNs) {
      newest_ns = std::max(newest_ns, recent.front().time_ns);
      recent.pop_front();
    }
  }
};

void count_bursts(std::span<const Arrival> arrivals, const std::vector<size_t>& order, int64_t copied_until, std::vector<BelievedTime>& out) {
  std::map<ClientId, std::deque<int64_t>> windows;
  std::map<ClientId, size_t> bursts;
  for (size_t i : order) {
    const Arrival& a = arrivals[i];
    if (!a.by_writer || a.received_ns <= copied_until) continue;
    std::deque<int64_t>& window = windows[a.author];
    window.push_back(a.received_ns);
    while (a.received_ns - window.front() > kBurstNs) window.pop_front();
    bursts[a.author] = std::max(bursts[a.author], window.size());
  }
  for (size_t i = 0; i < arrivals.size(); ++i)
    if (auto found = bursts.find(arrivals[i].author); found != bursts.end() && found->second > kMostArrivals) out[i].burst = found->second;
}

}  // namespace

std::vector<BelievedTime> believed_times(std::span<const Arrival> arrivals, int64_t created_ns) {
  const int64_t copied_until = end_of_copying(arrivals, created_ns);
  std::vector<size_t> order;
  std::vector<BelievedTime> out(arrivals.size());
  for (size_t i = 0; i < arrivals.size(); ++i) {
    out[i].time_ns = arrivals[i].claimed_ns;
    if (arrivals[i].received_ns > 0) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](size_t i) { return arrivals[i].received_ns; });
  std::map<std::pair<ClientId, std::string>, Line> lines;
  for (size_t i : order) {
    const Arrival& a = arrivals[i];
    Line& line = lines[{a.author, a.host}];
    line.advance(a.received_ns);
    if (a.by_writer && a.claimed_ns > a.received_ns + kMostAheadNs) {
      out[i].doubt = "claims a time after its arrival: counted from that";
    } else if (a.by_writer && a.received_ns > copied_until && line.newest_ns > a.claimed_ns + kOutOfOrderNs) {
      out[i].doubt = "claims to be older than what came before it: counted from its arrival";
    }
    if (!out[i].doubt.empty()) out[i].time_ns = a.received_ns;
    line.recent.push_back({a.received_ns, out[i].time_ns});
  }
  count_bursts(arrivals, order, copied_until, out);
  return out;
}

}  // namespace cairn
