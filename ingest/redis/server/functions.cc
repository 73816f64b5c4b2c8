#include "ingest/redis/server/functions.h"

#include "ingest/redis/server/replies.h"

namespace cairn {

namespace {

constexpr uint64_t kMostSourceBytes = uint64_t{512} << 20;   // of a string on any server
constexpr std::string_view kFunctions = "functions/";

}  // namespace

void visit_functions(CatalogueReader& catalogue, const RedisScope& scope, PartOutput& output,
                     const std::function<void(const Part& part, std::string_view source)>& visit) {
  if (!scope.has_functions()) return;
  catalogue.seek(scope.kind == RedisScope::Kind::kAll ? kFunctions : std::string_view(scope.name));
  auto wanted = [&](const Part* part) { return part != nullptr && part->name.starts_with(kFunctions) && scope.holds(part->name); };
  for (const Part* part = catalogue.next(); wanted(part); part = catalogue.next()) {
    if (part->kind != "function") continue;
    if (part->size_bytes() > kMostSourceBytes)
      throw Error(ErrorCode::kCorrupt, "part " + printable(part->name) + ": is longer than a library of functions can be");
    std::vector<PartPiece> pieces;
    if (!part->preamble.empty()) pieces.push_back({part->preamble, {}});
    for (const Extent& extent : part->extents) pieces.push_back({{}, extent});
    std::string source;
    output.write(pieces, [&](ByteView run) { source += text(run); });
    visit(*part, source);
  }
}

void restore_functions(CatalogueReader& catalogue, const RedisScope& scope, PartOutput& output, RedisConnection& connection, bool replace,
                       RestoreTally& tally) {
  uint64_t unknown = 0;
  visit_functions(catalogue, scope, output, [&](const Part& part, std::string_view source) {
    const RedisReply reply = replace ? connection.command({"FUNCTION", "LOAD", "REPLACE", source})
                                     : connection.command({"FUNCTION", "LOAD", source});
    if (reply.kind != RedisReply::Kind::kError) return tally.function_restored();
    const Refusal refusal = refusal_of(reply.text);
    if (reply.text.find("unknown command") != std::string::npos) ++unknown;
    else if (refusal.kind == Refusal::Kind::kEverything) throw Error(refusal.code, connection.url().description() + ": " + refusal.message);
    else if (reply.text.find("already exists") != std::string::npos && !replace) tally.left(part.name);
    else tally.failed(part.name, refusal.message);
  });
  if (unknown > 0)
    tally.monitor().warning("the server has no functions, as before Redis 7.0: " + std::to_string(unknown) +
                            (unknown == 1 ? " library is" : " libraries are") + " left out");
}

}  // namespace cairn
