// A real Redis or Valkey for a test: started in a directory of its own, on a free port of this machine and a socket there, killed and
// removed with the object.  It saves only when told to; DEBUG is allowed.
//
//   TEST(Redis, HasKeys) {
//     CAIRN_NEEDS_REDIS();
//     RedisServer server;
//     server.cli({"SET", "key", "value"});   … server.url() …
//   }
//
// Redis is the redis-server on PATH.  Valkey is $CAIRN_TEST_VALKEY (a folder with valkey-server and valkey-cli in it), else what
// scripts/valkey.sh fetched, else the valkey-server on PATH.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "store/fd.h"
#include "tests/store/temp_dir.h"

namespace cairn {

class RedisServer {
 public:
  struct Options {
    bool valkey = false;
    std::string config;        // more lines for its configuration: "maxmemory 100mb\n"
    std::string acl;           // the lines of an ACL file: "user backup on >secret -@all +sync +replconf\n"; "" : none
    std::string password;      // requirepass; without quotation marks
    bool tls = false;          // port() speaks TLS, with certificates in directory()/tls: see make_certificates()
    std::string rdb;           // a file to begin with
    bool wait = true;          // until it is ready; else until it takes connections, and answers LOADING to them
  };

  // Why none can be started here; "" when one can.
  static std::string missing(bool valkey = false) {
    if (!program(valkey, "server").empty() && !program(valkey, "cli").empty()) return "";
    return valkey ? "no Valkey is here; scripts/valkey.sh fetches one" : "no redis-server or no redis-cli is installed";
  }
  // "redis-server", "valkey-check-rdb" …: a path; "" when it isn't there.
  static std::string program(bool valkey, const std::string& what) {
    const std::string name = (valkey ? "valkey-" : "redis-") + what;
    std::vector<std::string> folders;
    if (valkey) {
      const char *chosen = std::getenv("CAIRN_TEST_VALKEY"), *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
      if (chosen != nullptr) return executable(chosen, name);
      if (cache != nullptr && *cache != 0) folders.push_back(cache + std::string("/cairn-tests/valkey/bin"));
      if (home != nullptr) folders.push_back(home + std::string("/.cache/cairn-tests/valkey/bin"));
    }
    const char* path = std::getenv("PATH");
    std::istringstream on_path(path == nullptr ? "/usr/bin" : path);
    for (std::string folder; std::getline(on_path, folder, ':');) folders.push_back(folder);
    for (const std::string& folder : folders) {
      if (std::string found = executable(folder, name); !found.empty()) return found;
    }
    return "";
  }

  // Errors: runtime_error with the server's log.
  RedisServer() : RedisServer(Options()) {}
  explicit RedisServer(const Options& options) : options_(options) {
    if (options.tls) make_certificates();
    if (!options.acl.empty()) std::ofstream(folder_ / "users.acl") << options.acl;
    if (!options.rdb.empty()) std::filesystem::copy_file(options.rdb, rdb_path());
    for (int tries = 0; pid_ < 0; ++tries) {
      port_ = free_port();  // somebody may take it before the server does
      start(options.wait, tries >= 3);
    }
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() { stop(SIGKILL); }

  // SIGTERM: as an administrator would, without saving; SIGKILL: as a machine that fails.  A child that saves goes with it.
  void stop(int signal = SIGTERM) {
    if (pid_ < 0) return;
    ::kill(pid_, SIGCONT);
    ::kill(pid_, signal);
    if (!waited(20)) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    ::kill(-pid_, SIGKILL);
    pid_ = -1;
  }
  // Again, on the same port, with the keys that rdb_path() holds (cli({"SAVE"}) writes it).
  void restart(bool wait = true) {
    stop();
    start(wait, true);
  }
  void signal(int number) { ::kill(pid_, number); }

  int port() const { return port_; }
  ::pid_t pid() const { return pid_; }
  bool valkey() const { return options_.valkey; }
  std::string socket() const { return folder_ / "redis.sock"; }
  std::string directory() const { return folder_.path().string(); }
  std::string rdb_path() const { return folder_ / "dump.rdb"; }
  std::string log() const { return contents(folder_ / "log"); }
  // `login`: "user:password@", or "".   `tail`: "/3", "?timeout=2" …
  std::string url(const std::string& login = "", const std::string& tail = "") const {
    return std::string(options_.tls ? "rediss" : "redis") + "://" + login + "127.0.0.1:" + std::to_string(port_) + tail;
  }
  std::string socket_url(const std::string& login = "", const std::string& tail = "") const {
    return "redis+unix://" + login + socket() + tail;
  }

  // What redis-cli prints for one command, through the socket, without the last line's end; also an error's words.
  std::string cli(const std::vector<std::string>& words) const { return run_cli(words, ""); }
  // The same for words without blanks: cli("SET key value").
  std::string cli(const std::string& line) const {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return cli(words);
  }
  // The last word may be binary.
  std::string cli_with_input(const std::vector<std::string>& words, const std::string& last) const {
    std::vector<std::string> all = {"-x"};
    all.insert(all.end(), words.begin(), words.end());
    return run_cli(all, last);
  }
  // Many commands, one a line, as redis-cli reads them: SET "a b" "\x00".
  std::string cli_script(const std::string& lines) const { return run_cli({}, lines); }

  // Writes into directory()/tls: ca.crt and, made by it, server.crt/.key (for localhost and 127.0.0.1) and client.crt/.key; other.crt,
  // a CA that has nothing to do with them; elsewhere.crt/.key, made by ca.crt for a host named elsewhere.test.
  void make_certificates() const {
    std::filesystem::create_directory(folder_ / "tls");
    std::ofstream(folder_ / "tls.sh") << kMakeCertificates;
    const Output made = run({"/bin/sh", folder_ / "tls.sh", folder_ / "tls"}, "");
    if (made.exit_status != 0) throw std::runtime_error("certificates (is openssl installed?): " + made.out);
  }

  struct Output {
    int exit_status = -1;  // -1: a signal
    std::string out;       // of standard output and standard error
  };
  // Another program, as a child that is waited for.
  static Output run(const std::vector<std::string>& argv, const std::string& input) {
    const TempDir output;
    std::ofstream(output / "in", std::ios::binary) << input;
    const ::pid_t pid = spawn(argv, output / "in", output / "out", false);
    int status = -1;
    if (::waitpid(pid, &status, 0) != pid) throw std::runtime_error("can't run " + argv[0]);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(output / "out")};
  }

 private:
  static constexpr const char* kMakeCertificates = R"(set -e
cd "$1"
new_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" -keyout "$1.key" -out "$1.crt" 2>&1
}
new_leaf() {  # NAME SUBJECT-ALTERNATIVES
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>&1
  echo "subjectAltName=$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.crt" 2>&1
}
new_ca ca
new_ca other
new_leaf server DNS:localhost,IP:127.0.0.1
new_leaf client DNS:client
new_leaf elsewhere DNS:elsewhere.test
)";

  static std::string executable(const std::string& folder, const std::string& name) {
    const std::string path = folder + "/" + name;
    return ::access(path.c_str(), X_OK) == 0 ? path : "";
  }
  static std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  // Our child, in a process group of its own.
  static ::pid_t spawn(const std::vector<std::string>& argv, const std::string& in, const std::string& out, bool server) {
    std::vector<char*> arguments;
    for (const std::string& one : argv) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    const ::pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("can't fork");
    if (pid != 0) return pid;
    const int in_fd = ::open(in.c_str(), O_RDONLY | O_CLOEXEC),
              out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(in_fd, STDIN_FILENO);
    ::dup2(out_fd, STDOUT_FILENO);
    ::dup2(out_fd, STDERR_FILENO);
    if (server) ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no server behind
    if (server) ::setpgid(0, 0);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  std::string run_cli(const std::vector<std::string>& words, const std::string& input) const {
    std::vector<std::string> argv = {program(valkey(), "cli"), "-s", socket()};
    if (!options_.password.empty()) argv.insert(argv.end(), {"--no-auth-warning", "-a", options_.password});
    argv.insert(argv.end(), words.begin(), words.end());
    std::string out = run(argv, input).out;
    if (out.ends_with('\n')) out.pop_back();
    return out;
  }
  static int free_port() {
    const Fd probe(::socket(AF_INET, SOCK_STREAM, 0));
    struct ::sockaddr_in address{};
    ::socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(probe.get(), reinterpret_cast<struct ::sockaddr*>(&address), size) != 0 ||
        ::getsockname(probe.get(), reinterpret_cast<struct ::sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no free port");
    }
    return ntohs(address.sin_port);
  }
  bool waited(int seconds) {
    for (int tries = 0; tries < seconds * 100; ++tries) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  void write_config() const {
    std::ofstream config(folder_ / "redis.conf");
    config << "bind 127.0.0.1\nprotected-mode no\nunixsocket " << socket() << "\ndir " << directory() << "\nlogfile " << directory()
           << "/log\nsave \"\"\nappendonly no\nenable-debug-command yes\nalways-show-logo no\n";
    if (options_.tls) {
      const std::string tls = folder_ / "tls/";
      config << "port 0\ntls-port " << port_ << "\ntls-cert-file " << tls << "server.crt\ntls-key-file " << tls
             << "server.key\ntls-ca-cert-file " << tls << "ca.crt\ntls-auth-clients no\n";
    } else {
      config << "port " << port_ << "\n";
    }
    if (!options_.acl.empty()) config << "aclfile " << directory() << "/users.acl\n";
    if (!options_.password.empty()) config << "requirepass \"" << options_.password << "\"\n";
    config << options_.config << "\n";
  }
  void start(bool wait, bool last_try) {
    write_config();
    std::filesystem::remove(socket());
    const size_t seen = log().size();
    pid_ = spawn({program(valkey(), "server"), folder_ / "redis.conf"}, "/dev/null", folder_ / "output", true);
    for (int tries = 0; tries < 6000; ++tries) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        if (last_try) throw std::runtime_error("no server: " + log() + contents(folder_ / "output"));
        return;
      }
      const std::string written = log();
      const std::string_view now = std::string_view(written).substr(std::min(seen, written.size()));
      if (now.find("Ready to accept connections") != now.npos || (!wait && now.find("Loading RDB") != now.npos)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    stop(SIGKILL);
    throw std::runtime_error("a server that does not start: " + log());
  }

  const TempDir folder_;
  const Options options_;
  int port_ = 0;
  ::pid_t pid_ = -1;
};

// Skips a test, loudly, where there is no server for it.
#define CAIRN_NEEDS_REDIS() \
  if (const std::string why = ::cairn::RedisServer::missing(false); !why.empty()) GTEST_SKIP() << "SKIPPED: " << why
#define CAIRN_NEEDS_VALKEY() \
  if (const std::string why = ::cairn::RedisServer::missing(true); !why.empty()) GTEST_SKIP() << "SKIPPED: " << why

}  // namespace cairn
