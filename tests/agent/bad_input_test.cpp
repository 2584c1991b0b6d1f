// What others write wrong: configuration, repmgr's table, peers, ports. Each is an error that names its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>

#include "agent/cluster.hpp"
#include "loop/fd.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{8000};
constexpr int exit_config = 78;

class BadConfiguration : public testing::Test {
 protected:
  // Runs picketd with this picket.toml and repmgr.conf ("" = no file), and checks that it refuses them.
  void is_refused(const std::string& toml, const std::string& repmgr, const std::string& place) {
    const std::string config = folder_ / "picket.toml", conf = folder_ / "repmgr.conf";
    std::remove(conf.c_str());
    if (!repmgr.empty()) write_text(conf, repmgr);
    write_text(config, "run_directory = \"" + folder_.path() + "\"\nrepmgr.conf = \"" + conf + "\"\n" + toml);
    const Ended ended = run({picketd_binary(), "--config", config}, "postgres");
    EXPECT_EQ(ended.code, exit_config) << ended.err;
    EXPECT_TRUE(ended.err.starts_with("picketd: " + folder_.path() + place)) << ended.err;
    EXPECT_FALSE(sanitizer_spoke(ended.err)) << ended.err;
  }
  Folder folder_;
};

TEST_F(BadConfiguration, OfPicketIsRefusedWithFileAndLine) {
  is_refused("colour = \"blue\"\n", "", "/picket.toml:3: unknown key \"colour\"");
  is_refused("\nlevel = true\n", "", "/picket.toml:4: level: ");
  is_refused("[postgresql]\npoll = \"soon\"\n", "", "/picket.toml:4: postgresql.poll: ");
  is_refused("[postgresql]\npoll = \"9h\"\n", "", "/picket.toml:4: postgresql.poll: ");
  is_refused("[http\n", "", "/picket.toml:3: ");
}

TEST_F(BadConfiguration, OfRepmgrIsRefusedWithFileAndLine) {
  const std::string rest = "node_name='a'\nconninfo='host=127.0.0.1'\ndata_directory='/nowhere'\n";
  is_refused("", "", "/repmgr.conf: ");
  is_refused("", rest, "/repmgr.conf: node_id");
  is_refused("", "node_id=seven\n" + rest, "/repmgr.conf:1: node_id");
  is_refused("", "node_id=1\n" + rest + "priority='high\n", "/repmgr.conf:5: ");
  is_refused("", "node_id=1\nnode_name='a'\nconninfo='hots=127.0.0.1'\ndata_directory='/x'\n", "/repmgr.conf:3: ");
}

class BadInput : public testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<Cluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }
  void TearDown() override {
    primary().stop_agent(SIGTERM);
    for (const char* file : {"state/nodes.json", "state/nodes.json.new"})
      run({"/bin/rm", "-rf", primary().folder() / file});
    set_third("conninfo = '" + cluster_->node3().server().conninfo() + "'");
  }
  void start() {
    primary().start_agent();
    ASSERT_TRUE(primary().until("R1", limit)) << describe(primary());
  }
  // What repmgr.nodes says of node3.
  static void set_third(const std::string& what) {
    primary().server().sql("UPDATE repmgr.nodes SET " + what + " WHERE node_id = 3");
  }
  static bool says(const std::string& words) { return primary().log().find(words) != std::string::npos; }
  static Member& primary() { return cluster_->node1(); }

 private:
  static inline std::unique_ptr<Cluster> cluster_;
};

TEST_F(BadInput, ARowOfNonsenseLeavesTheLastGoodListInForce) {
  start();
  Watching page(primary(), "/primary");
  set_third("conninfo = 'host=a,b'");
  EXPECT_TRUE(took([&] { return says("repmgr.nodes row 3 (node_id 3): conninfo: "); }, limit)) << primary().log();
  EXPECT_TRUE(says("the last good list of nodes stays in force"));
  EXPECT_EQ(primary().rule(), "R1");
  EXPECT_EQ(primary().status()["peers"].size(), 2U);
  EXPECT_NE(primary().status()["verdict"]["alarms"].dump().find("node_id 3"), std::string::npos);

  // The list is kept on disk: a restart does not lose it either.
  EXPECT_EQ(primary().stop_agent(SIGTERM), 0);
  primary().start_agent();
  EXPECT_TRUE(primary().until("R1", limit)) << describe(primary());
}

// The start gate would let everything pass where it was never kept.
TEST_F(BadInput, AListOfNodesThatCannotBeKeptIsToldAndTriedAgain) {
  const std::string kept = primary().folder() / "state/nodes.json";
  run({"/bin/mkdir", kept + ".new"});  // in the way of the write
  start();
  const auto told = [] {
    return primary().status()["problems"].dump().find("is not kept for the start gate") != std::string::npos;
  };
  EXPECT_TRUE(took(told, limit)) << describe(primary());
  EXPECT_EQ(read_text(kept), "");
  run({"/bin/rmdir", kept + ".new"});
  EXPECT_TRUE(took([&] { return !told() && read_text(kept).find("node3") != std::string::npos; }, limit))
      << describe(primary());
}

TEST_F(BadInput, ARowOfNonsenseFromTheBeginningMeansThatNobodyIsConfirmed) {
  set_third("conninfo = 'host=a,b'");
  primary().start_agent();
  EXPECT_TRUE(primary().until("R6", limit)) << describe(primary());
  EXPECT_FALSE(took([&] { return primary().serves_primary(); }, Millis{1500})) << describe(primary());
  EXPECT_EQ(primary().rule(), "R6") << describe(primary());
  EXPECT_EQ(primary().gate(), "0");
  EXPECT_NE(std::string(primary().status()["verdict"]["sentence"]).find("node_id 3"), std::string::npos)
      << primary().status()["verdict"];
}

TEST_F(BadInput, WithoutRepmgrsTableNobodyIsConfirmed) {
  primary().server().sql("ALTER TABLE repmgr.nodes RENAME TO elsewhere");
  primary().start_agent();
  EXPECT_TRUE(took(
      [&] {
        const std::string sentence = primary().status()["verdict"].value("sentence", "");
        return sentence.find("repmgr.nodes has not been read: ") != std::string::npos &&
               sentence.find("does not exist") != std::string::npos;
      },
      limit))
      << describe(primary());
  EXPECT_EQ(primary().rule(), "R6");
  primary().server().sql("ALTER TABLE repmgr.elsewhere RENAME TO nodes");
  EXPECT_TRUE(primary().until("R1", limit)) << describe(primary());
}

// Listens on loopback and answers everybody with the same bytes.
class Babbler {
 public:
  explicit Babbler(std::string answer)
      : answer_(std::move(answer)), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_.get(), any, size) != 0 || listen(fd_.get(), 64) != 0) throw std::runtime_error("no port");
    getsockname(fd_.get(), any, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      std::vector<Fd> clients;
      for (int fd; (fd = accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        clients.emplace_back(fd);
        (void)!send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
    });
  }
  ~Babbler() {
    shutdown(fd_.get(), SHUT_RDWR);  // ends the accept
    thread_.join();
  }
  Babbler(const Babbler&) = delete;
  Babbler& operator=(const Babbler&) = delete;
  int port() const { return port_; }

 private:
  std::string answer_;
  Fd fd_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(BadInput, APeerThatIsNoPostgreSQLIsNamedAndDoesNoHarm) {
  start();
  Watching page(primary(), "/primary");
  const std::string answers[] = {std::string(100'000, 'R'),
                                 std::string("R\x7f\xff\xff\xff", 5),
                                 "HTTP/1.0 200 OK\r\n\r\n",
                                 std::string("N\x00\x00\x00\x01", 5),  // the answer to TLS, and half a message
                                 "SSH-2.0-OpenSSH_9.2\r\n",  // S is a yes to TLS, and the rest an endless record
                                 ""};
  for (const auto& bytes : answers) {
    const Babbler babbler(bytes);
    set_third("conninfo = 'host=127.0.0.1 port=" + std::to_string(babbler.port()) + " user=x'");
    std::string answer;
    const auto asked = [&] {
      const auto status = primary().status();
      for (const auto& peer : status["peers"])
        if (peer["port"] == babbler.port()) answer = peer["answer"];
      return !answer.empty() && answer != "not asked yet";
    };
    EXPECT_TRUE(took(asked, limit)) << describe(primary());
    EXPECT_THAT(answer, testing::AnyOf("not a PostgreSQL answer", "timed out", "failed")) << bytes.substr(0, 20);
  }
  EXPECT_EQ(primary().rule(), "R1") << describe(primary());
  EXPECT_FALSE(page.ever(503));
}

TEST_F(BadInput, AHealthPortThatIsTakenIsAClearError) {
  const Babbler other("");
  primary().launch_agent({.http_port = other.port()});
  EXPECT_EQ(primary().agent().ended(limit), 1);
  EXPECT_TRUE(says("cannot listen on 127.0.0.1:" + std::to_string(other.port()) + ": Address already in use"))
      << primary().log();
  EXPECT_EQ(primary().gate(), "0") << "nobody decides here";
}

TEST_F(BadInput, ASecondAgentIsRefusedAndTheFirstNeverNotices) {
  start();
  Watching page(primary(), "/primary");
  const Ended second = run({picketd_binary(), "--config", primary().config_path()}, "postgres");
  EXPECT_EQ(second.code, 1);
  EXPECT_NE(second.err.find("another picketd runs on this node"), std::string::npos) << second.err;
  EXPECT_FALSE(sanitizer_spoke(second.err)) << second.err;
  EXPECT_EQ(primary().gate(), "1") << "the gate belongs to the first";
  EXPECT_EQ(primary().picket({"check", "primary"}).code, 0) << "and the control socket";
  EXPECT_FALSE(page.ever(503));
}

}  // namespace
}  // namespace picket::test
