#include "store/backend/s3/http.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <exception>

#include "store/error.h"

namespace cairn {

namespace {

constexpr uint64_t kMostErrorBytes = 64 << 10;   // of the body of an answer that isn't a good one
constexpr size_t kMostHeaderBytes = 64 << 10;
constexpr uint64_t kSlowBytesPerSecond = 1024;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What the callbacks share during one request.
struct Exchange {
  const HttpRequest& request;
  HttpReply& reply;
  Throttle& upload;
  Throttle& download;
  const int& socket;
  uint64_t sent = 0;
  size_t header_bytes = 0;
  bool too_long = false;
  std::exception_ptr failure;
};

// A server that sends head and body of an answer apart may wait with the second until the first is acknowledged, which the kernel puts off
// for 40 ms: now is the time.
void acknowledge(int socket) {
  const int now = 1;
  static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &now, sizeof now));
}

int on_socket(void* context, curl_socket_t socket, curlsocktype) {
  *static_cast<int*>(context) = socket;
  return CURL_SOCKOPT_OK;
}

size_t on_header(char* data, size_t, size_t length, void* context) {
  auto& x = *static_cast<Exchange*>(context);
  std::string_view line(data, length);
  if ((x.header_bytes += length) > kMostHeaderBytes) return 0;
  if (line.starts_with("HTTP/")) {   // of an interim answer, perhaps: the last one counts
    x.reply.headers.clear();
    const size_t blank = line.find(' ');
    x.reply.status = 0;
    if (blank != std::string_view::npos) std::from_chars(data + blank + 1, data + length, x.reply.status);
    return length;
  }
  if (line == "\r\n") acknowledge(x.socket);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return length;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' ')) value.remove_suffix(1);
  x.reply.headers[std::move(name)] = value;
  return length;
}

size_t on_body(char* data, size_t, size_t length, void* context) {
  auto& x = *static_cast<Exchange*>(context);
  Buffer& body = x.reply.body;
  const uint64_t most = x.reply.status / 100 == 2 ? x.request.most_bytes : std::max(x.request.most_bytes, kMostErrorBytes);
  if (body.size() + length > most) {
    x.too_long = true;
    return 0;
  }
  if (body.size() + length > body.capacity()) {
    uint64_t announced = 0;
    if (auto found = x.reply.headers.find("content-length"); found != x.reply.headers.end())
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), announced);
    Buffer larger(static_cast<size_t>(std::min(most, std::max({announced, uint64_t{body.size() + length}, uint64_t{2 * body.size()}}))));
    if (!body.empty()) std::memcpy(larger.data(), body.data(), body.size());
    larger.set_size(body.size());
    body = std::move(larger);
  }
  std::memcpy(body.data() + body.size(), data, length);
  body.set_size(body.size() + length);
  x.download.moved(length);
  return length;
}

size_t on_read(char* out, size_t size, size_t count, void* context) {
  auto& x = *static_cast<Exchange*>(context);
  try {
    size_t wanted = size * count;
    if (x.upload.bytes_per_second() != 0) wanted = std::min<size_t>(wanted, 16 << 10);
    const size_t got = x.request.body->read(x.sent, {reinterpret_cast<uint8_t*>(out), wanted});
    x.sent += got;
    x.upload.moved(got);
    return got;
  } catch (...) {
    x.failure = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

int on_seek(void* context, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(context)->sent = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

}  // namespace

struct HttpClient::Connection {
  Connection() : easy(curl_easy_init()) {
    if (!easy) throw Error(ErrorCode::kIo, "libcurl: can't be started");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { curl_easy_cleanup(easy); }
  CURL* easy;
  int socket = -1;   // the last one that was opened
};

HttpClient::HttpClient(HttpSettings settings, Throttle& upload, Throttle& download)
    : settings_(std::move(settings)), upload_(upload), download_(download) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);   // once, before there are threads that use it
  if (started != CURLE_OK) throw Error(ErrorCode::kIo, "libcurl: can't be started");
}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::take() {
  {
    std::lock_guard lock(mu_);
    if (!idle_.empty()) {
      auto out = std::move(idle_.back());
      idle_.pop_back();
      return out;
    }
  }
  return std::make_unique<Connection>();
}

void HttpClient::give_back(std::unique_ptr<Connection> connection) {
  std::lock_guard lock(mu_);
  idle_.push_back(std::move(connection));
}

HttpReply HttpClient::perform(const HttpRequest& request) {
  auto connection = take();
  CURL* easy = connection->easy;
  HttpReply reply;
  Exchange exchange{request, reply, upload_, download_, connection->socket, 0, 0, false, nullptr};
  std::unique_ptr<curl_slist, FreeList> headers;
  auto add_header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (!longer) throw std::bad_alloc();
    static_cast<void>(headers.release());   // it is the head of the longer one
    headers.reset(longer);
  };
  for (const auto& [name, value] : request.headers) add_header(name + (value.empty() ? ";" : ": " + value));
  for (const char* none : {"Expect:", "Accept:", "Content-Type:"})
    if (none != std::string_view("Content-Type:") || !request.headers.contains("content-type")) add_header(none);
  char why[CURL_ERROR_SIZE] = "";
  curl_easy_reset(easy);   // the connection stays
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, &connection->socket);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(settings_.connect_timeout_s));
  uint64_t slow = kSlowBytesPerSecond;   // many transfers may share a bound
  for (const Throttle* throttle : {&upload_, &download_})
    if (throttle->bytes_per_second() != 0) slow = std::min(slow, throttle->bytes_per_second() / 64 + 1);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(slow));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(settings_.stall_timeout_s));
  if (!settings_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.body) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body->size_bytes()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
  } else if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  const CURLcode code = curl_easy_perform(easy);
  if (exchange.failure) std::rethrow_exception(exchange.failure);   // the connection is not used again
  if (code != CURLE_OK) reply.trouble = exchange.too_long ? "the answer is longer than it may be" : *why ? why : curl_easy_strerror(code);
  reply.refused_server = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
  if (code == CURLE_OK) give_back(std::move(connection));
  return reply;
}

}  // namespace cairn
