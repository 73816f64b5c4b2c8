// One HTTP request after the other over connections that stay open: libcurl behind one verb.
//
// TLS:      certificates are verified, against CAIRN_S3_CA_FILE when it is set, else the system's.
// Threads:  thread-safe; as many connections as requests run at once.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/backend/s3/body.h"
#include "store/backend/s3/signature.h"
#include "store/backend/s3/throttle.h"

namespace cairn {

struct HttpRequest {
  std::string method;           // GET, HEAD, PUT, DELETE
  std::string url;
  S3Headers headers;
  const S3Body* body = nullptr; // of a PUT
  uint64_t most_bytes = 0;      // of the answer's body, when it is a good one
};

struct HttpReply {
  int status = 0;               // 0: there was none
  S3Headers headers;            // names in lower case
  Buffer body;
  std::string trouble;          // why there is no (whole) answer; "" when there is
  bool refused_server = false;  // the trouble: its certificate, or what it is verified against; it will be the same the next time
};

struct HttpSettings {
  int connect_timeout_s = 15;
  int stall_timeout_s = 60;     // without a kilobyte a second
  std::string ca_file;
};

class HttpClient {
 public:
  // The throttles must outlive this.
  HttpClient(HttpSettings settings, Throttle& upload, Throttle& download);
  ~HttpClient();
  // Follows no redirections.  What went wrong on the way is in the reply; errors of reading request.body are thrown.
  HttpReply perform(const HttpRequest& request);

 private:
  struct Connection;
  std::unique_ptr<Connection> take();
  void give_back(std::unique_ptr<Connection> connection);
  const HttpSettings settings_;
  Throttle& upload_;
  Throttle& download_;
  std::mutex mu_;
  std::vector<std::unique_ptr<Connection>> idle_;   // guarded by mu_; the last used is the last
};

}  // namespace cairn
