#include "ingest/tree/owners.h"

#include <grp.h>
#include <pwd.h>

#include <vector>

namespace cairn {

namespace {

constexpr size_t kBufferBytes = 64 << 10;   // a group with thousands of members fits

template <class Record, class Ask, class Answer>
auto look_up(Ask ask, Answer answer) -> std::optional<decltype(answer(Record{}))> {
  std::vector<char> buffer(kBufferBytes);
  Record record{};
  Record* found = nullptr;
  if (ask(&record, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return answer(record);
}

}  // namespace

std::optional<std::string> name_of_user(uint32_t uid) {
  return look_up<passwd>([&](auto... rest) { return ::getpwuid_r(uid, rest...); }, [](const passwd& p) { return std::string(p.pw_name); });
}
std::optional<std::string> name_of_group(uint32_t gid) {
  return look_up<group>([&](auto... rest) { return ::getgrgid_r(gid, rest...); }, [](const group& g) { return std::string(g.gr_name); });
}
std::optional<uint32_t> user_of_name(const std::string& name) {
  return look_up<passwd>([&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); }, [](const passwd& p) { return uint32_t{p.pw_uid}; });
}
std::optional<uint32_t> group_of_name(const std::string& name) {
  return look_up<group>([&](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); }, [](const group& g) { return uint32_t{g.gr_gid}; });
}

}  // namespace cairn
