// A real PostgreSQL for a test: started in a directory of its own, on a free port of this machine and a socket there, stopped and
// removed with the object.  Trusts whoever connects, unless `hba` says otherwise; nothing it writes is synced.
//
//   class Dumps : public PostgresTest {};
//   TEST_F(Dumps, HoldRows) { server().run_sql("postgres", "CREATE TABLE t (a int)"); … server().url("postgres") … }
//
// Programs are those in CAIRN_TEST_POSTGRES (a folder with initdb and postgres in it), else the newest under /usr/lib/postgresql.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "store/fd.h"
#include "tests/store/temp_dir.h"

namespace cairn {

class PostgresServer {
 public:
  struct Options {
    std::string config;  // more lines for postgresql.conf
    std::string hba =    // pg_hba.conf
        "local all all trust\nhost all all 127.0.0.1/32 trust\nlocal replication all trust\n";
    std::string bin;     // folder of initdb and postgres; "": server_bin()
  };
  struct Output {
    int exit_status = -1;  // -1: a signal
    std::string out;       // of standard output
    std::string err;
  };

  // Why no server can be started here; "" when one can.
  static std::string missing() {
    if (server_bin().empty()) return "no PostgreSQL server is installed";
    if (tools_bin().empty()) return "no psql is installed";
    if (::geteuid() == 0 && ::getpwnam("postgres") == nullptr) return "root can't run a server, and there is no user postgres";
    return "";
  }
  static std::string server_bin() {
    const char* chosen = std::getenv("CAIRN_TEST_POSTGRES");
    return chosen != nullptr ? chosen : newest_with("initdb");
  }
  static std::string tools_bin() { return newest_with("psql"); }

  // Errors: runtime_error with the server's log.
  PostgresServer() : PostgresServer(Options()) {}
  explicit PostgresServer(const Options& options) : bin_(options.bin.empty() ? server_bin() : options.bin) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);  // the server has another user when we are root
    const Output made = run({bin_ + "/initdb", "-D", data(), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"}, true);
    if (made.exit_status != 0) throw std::runtime_error("initdb: " + made.out + made.err);
    std::ofstream(data() + "/pg_hba.conf") << options.hba;
    std::ofstream(data() + "/postgresql.conf", std::ios::app)
        << "fsync = off\nfull_page_writes = off\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '" << folder_.path().string()
        << "'\nshared_buffers = 64MB\nmax_connections = 60\npassword_encryption = 'scram-sha-256'\n" << options.config << "\n";
    for (int tries = 0; pid_ < 0; ++tries) start(tries);
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() { stop(SIGINT); }

  // SIGINT: clients are thrown out; SIGQUIT: at once, as if it had crashed.
  void stop(int signal) {
    if (pid_ < 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  // Again, on the same data and port.  Requires: stopped.
  void restart() { start(99); }

  // Whether the client programs are of the server's major version: what a newer pg_dump writes, an older server may refuse.
  bool has_own_tools() const {
    return contents(data() + "/PG_VERSION") == std::filesystem::path(tools_bin()).parent_path().filename().string() + "\n";
  }
  int port() const { return port_; }
  std::string socket_folder() const { return folder_.path().string(); }
  std::string log() const { return contents(folder_ / "log"); }
  std::string url(const std::string& database = "", const std::string& user = "postgres") const {
    return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + (database.empty() ? "" : "/" + database);
  }

  // The result of `sql` through psql as superuser: rows as lines, columns separated by |.  Fails the test when it fails.
  std::string run_sql(const std::string& database, const std::string& sql) const {
    return good(tool("psql", {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql}), sql);
  }
  // A script with psql's commands.
  std::string run_script(const std::string& database, const std::string& script) const {
    const std::string file = folder_ / "script.sql";
    std::ofstream(file) << script;
    return run_file(database, file);
  }
  std::string run_file(const std::string& database, const std::string& file) const {
    return good(tool("psql", {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", file}), file);
  }
  // What pg_dump writes; `args` end with the database's name.  Fails the test when it fails.
  std::string dump(const std::vector<std::string>& args) const { return good(tool("pg_dump", args), "pg_dump"); }
  std::string dumpall(const std::vector<std::string>& args = {}) const { return good(tool("pg_dumpall", args), "pg_dumpall"); }
  // A client program of the server's installation, connected through the socket as postgres.
  Output tool(const std::string& program, const std::vector<std::string>& args) const {
    std::vector<std::string> argv = {tools_bin() + "/" + program, "-h", socket_folder(), "-p", std::to_string(port_), "-U", "postgres"};
    argv.insert(argv.end(), args.begin(), args.end());
    return run(argv, false);
  }

 private:
  static std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  static std::string good(const Output& output, const std::string& what) {
    EXPECT_EQ(output.exit_status, 0) << what << "\n" << output.err;
    return output.out.ends_with('\n') && what.find("pg_dump") == std::string::npos ? output.out.substr(0, output.out.size() - 1) : output.out;
  }
  static std::string newest_with(const std::string& program) {
    int best = 0;
    std::string out;
    std::error_code ignored;
    for (const auto& one : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
      const int version = std::atoi(one.path().filename().c_str());
      const std::string bin = one.path() / "bin";
      if (version > best && ::access((bin + "/" + program).c_str(), X_OK) == 0) best = version, out = bin;
    }
    return out;
  }
  std::string data() const { return folder_ / "data"; }

  // Our child, with its output in files; as the server's user where asked.
  ::pid_t spawn(const std::vector<std::string>& argv, bool as_server, const std::string& out, const std::string& err) const {
    std::vector<char*> arguments;
    for (const std::string& one : argv) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    const struct ::passwd* user = as_server && ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
    const ::pid_t pid = ::fork();
    if (pid != 0) return pid;
    const Fd nothing(::open("/dev/null", O_RDONLY)), out_fd(::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)),
        err_fd(::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    ::dup2(nothing.get(), STDIN_FILENO);
    ::dup2(out_fd.get(), STDOUT_FILENO);
    ::dup2(err_fd.get(), STDERR_FILENO);
    if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
    if (as_server) ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // a test that crashes leaves no server behind
    if (::chdir("/") != 0) ::_exit(126);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  Output run(const std::vector<std::string>& argv, bool as_server) const {
    const TempDir output(folder_.path());
    const ::pid_t pid = spawn(argv, as_server, output / "out", output / "err");
    int status = -1;
    if (::waitpid(pid, &status, 0) != pid) throw std::runtime_error("can't run " + argv[0]);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(output / "out"), contents(output / "err")};
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
  void start(int tries) {
    using namespace std::chrono_literals;
    if (port_ == 0 || tries < 99) port_ = free_port();  // somebody may take it before the server does
    std::filesystem::remove(data() + "/postmaster.pid");  // left by one that was killed: it says "ready"
    pid_ = spawn({bin_ + "/postgres", "-D", data(), "-p", std::to_string(port_)}, true, folder_ / "log", folder_ / "log");
    for (const auto end = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms)) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        if (tries >= 3) throw std::runtime_error("no server: " + log());
        return;
      }
      // Ready is what it writes there last; the file appears before it listens.
      if (contents(data() + "/postmaster.pid").find("ready") != std::string::npos) return;
    }
    stop(SIGQUIT);
    throw std::runtime_error("a server that does not start: " + log());
  }

  const TempDir folder_;
  const std::string bin_;
  int port_ = 0;
  ::pid_t pid_ = -1;
};

// One server for all tests of a suite; they are skipped, loudly, where there is none.
class PostgresTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::missing().empty()) slot() = std::make_unique<PostgresServer>();
  }
  static void TearDownTestSuite() { slot().reset(); }
  void SetUp() override {
    if (!slot()) GTEST_SKIP() << "SKIPPED: " << PostgresServer::missing();
  }
  static PostgresServer& server() { return *slot(); }

 private:
  static std::unique_ptr<PostgresServer>& slot() {
    static std::unique_ptr<PostgresServer> one;
    return one;
  }
};

}  // namespace cairn
