// What tests of the connection to a server have in common, beside real servers (redis_server.h).
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "store/fd.h"
#include "tests/ingest/live_fixture.h"

namespace cairn {

// A server for what real ones can't be made to show: says its lines to whoever connects, whatever is asked, and closes the connection
// or, when it is to stay, never says anything more.
class FakeServer {
 public:
  explicit FakeServer(std::string lines, bool stay = false)
      : lines_(std::move(lines)), stay_(stay), listening_(::socket(AF_INET, SOCK_STREAM, 0)) {
    struct ::sockaddr_in address{};
    ::socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listening_.get(), reinterpret_cast<struct ::sockaddr*>(&address), size) != 0 ||
        ::getsockname(listening_.get(), reinterpret_cast<struct ::sockaddr*>(&address), &size) != 0 || ::listen(listening_.get(), 1) != 0) {
      throw std::runtime_error("a fake server can't listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  std::string url(const std::string& login = "", const std::string& tail = "") const {
    return "redis://" + login + "127.0.0.1:" + std::to_string(port_) + tail;
  }

 private:
  static bool readable(int fd, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      struct ::pollfd polled{fd, POLLIN, 0};
      if (::poll(&polled, 1, 10) > 0) return true;
    }
    return false;
  }
  void serve(const std::stop_token& stop) const {
    if (!readable(listening_.get(), stop)) return;
    const Fd client(::accept(listening_.get(), nullptr, nullptr));
    for (size_t at = 0; at < lines_.size();) {
      const ssize_t size = ::send(client.get(), lines_.data() + at, lines_.size() - at, MSG_NOSIGNAL);
      if (size <= 0) return;
      at += static_cast<size_t>(size);
    }
    if (!stay_) ::shutdown(client.get(), SHUT_WR);
    // What is asked is read, or its end would be a reset, which throws away what was said.
    char asked[4096];
    while (readable(client.get(), stop) && ::read(client.get(), asked, sizeof asked) > 0) continue;
  }

  const std::string lines_;
  const bool stay_;
  const Fd listening_;
  int port_ = 0;
  std::jthread thread_;
};

// Notes that do something whenever they are asked whether to stop, until it says that it is done.
class HookedNotes : public Notes {
 public:
  void arm(std::function<bool()> action) { action_ = std::move(action); }
  void check_interrupted() override {
    if (action_ && action_()) action_ = nullptr;
    Notes::check_interrupted();
  }

 private:
  std::function<bool()> action_;
};

}  // namespace cairn
