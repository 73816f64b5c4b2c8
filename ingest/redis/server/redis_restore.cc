#include "ingest/redis/server/redis_restore.h"

#include <chrono>
#include <cstdlib>

#include "ingest/parts/part_view.h"
#include "ingest/redis/rdb_source.h"
#include "ingest/redis/redis_component.h"
#include "ingest/redis/server/functions.h"
#include "ingest/redis/server/rdb_target.h"
#include "ingest/redis/server/server_target.h"
#include "ingest/redis/server/value_feed.h"
#include "store/error.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kRedisTreeCacheBytes = 8 << 20;

std::string property(const ComponentInfo& component, const std::string& key) {
  const auto found = component.properties.find(key);
  return found == component.properties.end() ? "" : found->second;
}

const ComponentInfo& component_of(const Manifest& snapshot, std::string_view name) {
  const ComponentInfo* component = snapshot.component(name);
  if (component == nullptr) throw Error(ErrorCode::kNotFound, "component " + printable(name) + ": is not in the snapshot");
  if (component->kind != ComponentKind::kRedis || component->catalogue.is_zero())
    throw Error(ErrorCode::kInvalidArgument,
                "component " + printable(name) + ": is of no Redis whose keys are known: restore it with --target DIR");
  return *component;
}

Entry entry_of(Repository& repository, const Manifest& snapshot, const ComponentInfo& component) {
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), kRedisTreeCacheBytes);
  std::optional<Entry> entry = DirectoryReader::find(reader.object_source(), snapshot.root, component.name);
  if (!entry || entry->type != EntryType::kFile)
    throw Error(ErrorCode::kCorrupt, "component " + printable(component.name) + ": its stream is not in the snapshot");
  return std::move(*entry);
}

RdbOrigin origin_of(const ComponentInfo& component) {
  RdbOrigin out;
  out.flavor = rdb_flavor_of(component);
  out.version = rdb_version_of(component);
  return out;
}

std::optional<RedisServerInfo> info_of(RedisConnection& connection) {
  RedisServerInfo info = redis_server_info(connection);
  return info.version.empty() ? std::nullopt : std::optional(std::move(info));
}

class RedisRestore {
 public:
  RedisRestore(Repository& repository, const Manifest& snapshot, const std::string& path, const RedisRestoreOptions& options,
               Monitor& monitor)
      : path_(tidy_path(path)), component_(component_of(snapshot, path_.substr(0, path_.find('/')))),
        entry_(entry_of(repository, snapshot, component_)), options_(options), monitor_(monitor), origin_(origin_of(component_)),
        reader_(repository.backend(), repository.keys(), repository.index(), kRedisTreeCacheBytes),
        catalogue_(reader_.object_source(), component_.catalogue, entry_.size_bytes), output_(repository, entry_.content, 0, monitor),
        scope_(redis_scope(catalogue_, component_, path_.substr(std::min(path_.size(), component_.name.size() + 1)))),
        tally_(component_.name, result_, monitor) {}

  RedisRestoreResult into_server(const RedisUrl& url) {
    RedisConnection connection(url, monitor_);
    const std::optional<RedisServerInfo> info = info_of(connection);
    const ServerLevel level(info, origin_);
    if (!options_.logical && level.may_lack_types()) require_known_types(level, url);
    const ServerClock clock(connection);
    auto has_expired = [&](const SelectedKey& key) { return key.expires_ms && *key.expires_ms <= clock.now_ms(); };
    if (options_.dry_run) return tell_what_would_be(has_expired);
    begin();
    if (with_functions()) restore_functions(catalogue_, scope_, output_, connection, options_.replace, tally_);
    const ServerContext context{connection, clock, level, origin_.flavor, options_.replace, tally_};
    const std::unique_ptr<ServerTarget> target = options_.logical ? make_logical_target(context) : make_restore_target(context);
    feed(*target);
    target->finish();
    return done();
  }

  RedisRestoreResult into_file(const std::string& file) {
    if (options_.dry_run) return tell_what_would_be([](const SelectedKey&) { return false; });
    RdbTarget target(file, options_.replace, origin_.flavor, origin_.version, tally_);
    begin();
    if (const std::string version = property(component_, "server.version"); !version.empty())
      target.aux(origin_.flavor == RdbFlavor::kValkey ? "valkey-ver" : "redis-ver", version);
    target.aux("redis-bits", "64");
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    target.aux("ctime", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count()));
    if (with_functions())
      visit_functions(catalogue_, scope_, output_, [&](const Part&, std::string_view source) {
        target.function(source);
        tally_.function_restored();
      });
    feed(target);
    require_any();
    target.finish();
    return done();
  }

 private:
  std::string path_of(const std::string& part) const { return component_.name + "/" + part; }
  bool with_functions() const { return scope_.has_functions() && options_.selection.all(); }

  void begin() {
    monitor_.phase("restoring");
    if (scope_.kind == RedisScope::Kind::kAll && options_.selection.all()) {
      monitor_.bytes_total += entry_.size_bytes;
      monitor_.files_total += catalogue_.count();
    }
  }

  // What was saved and can't be restored this way: whoever takes what comes for everything must know.
  void tell_what_is_missing() {
    const bool one = scope_.kind == RedisScope::Kind::kKey || scope_.kind == RedisScope::Kind::kFunction;
    if (one) return;
    const std::string file = ": it is in the file only, which cairn cat or restore --target gives back";
    if (const std::string from = property(component_, std::string(kUnlistedFrom)); !from.empty())
      tally_.failed("dump.rdb", "what stands from byte " + printable(from) + " on isn't listed, and so not restored" + file);
    else if (component_.completeness == Completeness::kIncomplete)
      monitor_.warning(printable(component_.name) + ": was damaged when it was saved (see cairn snapshots)");
    if (scope_.kind != RedisScope::Kind::kAll || !options_.selection.all()) return;
    const uint64_t saved = count("keys") + count("functions"), listed = catalogue_.count();
    if (saved > listed)
      tally_.failed("dump.rdb", std::to_string(saved - listed) + " of " + std::to_string(saved) +
                                    " keys and libraries of functions aren't listed, and so not restored" + file);
  }
  uint64_t count(const std::string& what) const { return std::strtoull(property(component_, what).c_str(), nullptr, 10); }

  void feed(KeyTarget& target) {
    SelectedKeys keys(catalogue_, scope_, options_.selection, origin_.flavor);
    feed_values(keys, output_, monitor_, target);
  }

  RedisRestoreResult done() {
    require_any();
    tell_what_is_missing();
    tally_.finish();
    return result_;
  }
  // Nothing is all there is of an empty server.
  void require_any() const {
    if (scope_.kind == RedisScope::Kind::kAll && options_.selection.all()) return;
    if (result_.keys + result_.functions + result_.left + result_.expired + result_.failed > 0) return;
    throw Error(ErrorCode::kNotFound, printable(path_) + ": holds no key that is selected (see what is in it with: cairn ls)");
  }

  // Only the catalogue is read for it.
  void require_known_types(const ServerLevel& level, const RedisUrl& url) {
    SelectedKeys keys(catalogue_, scope_, options_.selection, origin_.flavor);
    SelectedKey key;
    for (uint64_t number = 0; keys.next(key); ++number) {
      if (number % 4096 == 0) monitor_.check_interrupted();
      if (level.payload_version(key.type)) continue;
      const std::string_view type = rdb_type_name(origin_.flavor, key.type);
      throw Error(ErrorCode::kUnsupported,
                  url.description() + ": " + level.name() + " doesn't know the form of " + tally_.shown(redis_part_name(key.db, key.name)) +
                      " (" + (type.empty() ? "a value" : std::string(type)) + ", type " + std::to_string(key.type) + " of RDB version " +
                      std::to_string(origin_.version) + (origin_.flavor == RdbFlavor::kValkey ? " of Valkey" : "") +
                      "; that server takes up to " +
                      std::to_string(level.most()) + "): nothing was written: --logical restores with commands that it knows");
    }
  }

  RedisRestoreResult tell_what_would_be(const std::function<bool(const SelectedKey&)>& has_expired) {
    if (with_functions())
      visit_functions(catalogue_, scope_, output_, [&](const Part& part, std::string_view source) {
        monitor_.item("would restore", path_of(part.name), source.size());
        tally_.function_restored();
      });
    SelectedKeys keys(catalogue_, scope_, options_.selection, origin_.flavor);
    for (SelectedKey key; keys.next(key);) {
      if (result_.keys % 4096 == 0) monitor_.check_interrupted();
      if (has_expired(key)) {
        tally_.expired();
        continue;
      }
      monitor_.item("would restore", path_of(redis_part_name(key.db, key.name)), key.value.length_bytes);
      ++result_.keys;
      result_.bytes += key.value.length_bytes;
    }
    return done();
  }

  const std::string path_;
  const ComponentInfo& component_;
  const Entry entry_;
  const RedisRestoreOptions& options_;
  Monitor& monitor_;
  const RdbOrigin origin_;
  ChunkReader reader_;
  CatalogueReader catalogue_;
  PartOutput output_;
  const RedisScope scope_;
  RedisRestoreResult result_;
  RestoreTally tally_;
};

}  // namespace

RedisRestoreResult restore_into_redis(Repository& repository, const Manifest& snapshot, const std::string& path, const RedisUrl& url,
                                      const RedisRestoreOptions& options, Monitor& monitor) {
  return RedisRestore(repository, snapshot, path, options, monitor).into_server(url);
}

RedisRestoreResult restore_into_rdb(Repository& repository, const Manifest& snapshot, const std::string& path, const std::string& file,
                                    const RedisRestoreOptions& options, Monitor& monitor) {
  return RedisRestore(repository, snapshot, path, options, monitor).into_file(file);
}

}  // namespace cairn
