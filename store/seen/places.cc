#include "store/seen/places.h"

#include <algorithm>
#include <vector>

#include "store/error.h"
#include "store/seen/local_memory.h"

namespace cairn {

namespace {

constexpr size_t kMostPlacesBytes = 16 << 20;
constexpr size_t kMostPlaces = 10'000;

std::string file_of(const std::string& cache_root) { return cache_root + "/places"; }

std::string line_of(std::string_view location, const RepositoryId& id) { return id.hex() + " " + printable(location); }

std::vector<std::string> read_lines(const std::string& cache_root) {
  std::vector<std::string> out;
  const auto bytes = read_memory(file_of(cache_root), kMostPlacesBytes);
  if (!bytes) return out;
  std::string_view rest = text(*bytes);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 65 && rest[64] == ' ' && RepositoryId::parse(rest.substr(0, 64))) out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace

void require_known_place(const std::string& cache_root, std::string_view location, const RepositoryId& found) {
  const std::string wanted = line_of(location, found);
  std::string before;
  for (const std::string& line : read_lines(cache_root)) {
    if (line == wanted) return;
    if (std::string_view(line).substr(65) == std::string_view(wanted).substr(65)) before = line.substr(0, 16);
  }
  if (before.empty()) return;
  throw Error(ErrorCode::kCorrupt, printable(location) + ": another repository is there than before: it was " + before + ", now it is " +
                                       found.hex().substr(0, 16) + "; if you put it there, say so once with --accept-rollback");
}

void remember_place(const std::string& cache_root, std::string_view location, const RepositoryId& id) {
  std::vector<std::string> lines = read_lines(cache_root);
  const std::string line = line_of(location, id);
  if (std::ranges::find(lines, line) != lines.end()) return;
  lines.push_back(line);
  if (lines.size() > kMostPlaces) lines.erase(lines.begin(), lines.end() - kMostPlaces);
  std::string out;
  for (const std::string& one : lines) out += one + "\n";
  write_memory(file_of(cache_root), view(out));
}

}  // namespace cairn
