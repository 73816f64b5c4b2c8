#include "ingest/redis/live/live_source.h"

#include <string>
#include <utility>

#include "ingest/redis/connection.h"
#include "ingest/redis/live/scan_stream.h"
#include "ingest/redis/live/sync_stream.h"
#include "store/error.h"

namespace cairn {

std::unique_ptr<StreamSource> open_redis(const RedisUrl& url, Monitor& monitor) {
  auto connection = std::make_unique<RedisConnection>(url, monitor);
  const RedisServerInfo info = redis_server_info(*connection);
  if (info.cluster) {
    monitor.warning(url.description() +
                    ": the server is one of a cluster; only the keys of this one are saved, the others need a source each");
  }
  const std::string consequence = "; the keys are read one after another, so the backup is not of one instant";
  if (url.db) {
    monitor.warning(url.description() + ": a server sends all its databases or none" + consequence);
    return open_scan_stream(std::move(connection), info, monitor);
  }
  std::string refusal;
  if (auto stream = open_sync_stream(connection, monitor, refusal)) return stream;
  monitor.warning(url.description() + ": SYNC is not allowed (" + printable(refusal) + ")" + consequence +
                  "; with the rights +sync +replconf it is");
  return open_scan_stream(std::move(connection), info, monitor);
}

}  // namespace cairn
