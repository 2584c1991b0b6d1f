// What an operator finds in the journal. The journal's socket has a fixed place, so the agent runs in a mount namespace
// of its own, where that place is ours.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <map>
#include <sstream>

#include "agent/member.hpp"
#include "loop/fd.hpp"

namespace picket::test {
namespace {

class Journal {
 public:
  explicit Journal(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("bind " + path);
    run({"/bin/chmod", "666", path});
  }

  // The fields of the next entry; empty when there is none.
  std::map<std::string, std::string> next() const {
    std::string datagram(65536, '\0');
    const ssize_t size = recv(fd_.get(), datagram.data(), datagram.size(), 0);
    std::map<std::string, std::string> fields;
    std::istringstream lines(datagram.substr(0, size > 0 ? static_cast<size_t>(size) : 0));
    for (std::string line; std::getline(lines, line);)
      if (const size_t sign = line.find('='); sign != line.npos) fields[line.substr(0, sign)] = line.substr(sign + 1);
    return fields;
  }

 private:
  Fd fd_;
};

TEST(Journal, HoldsGenerationRuleAndSentenceOfEachVerdict) {
  auto server = std::make_unique<Throwaway>();
  server->start();
  Member node(1, std::move(server));
  run({"/bin/mkdir", node.folder() / "journal"});
  const Journal journal(node.folder() / "journal/socket");
  node.launch_agent({.journal = node.folder() / "journal"});
  // Nobody is registered, so nothing can be confirmed.
  const auto settled = [&] { return node.status()["nodes"]["why"].dump().find("does not exist") != std::string::npos; };
  ASSERT_TRUE(took(settled, Millis{8000})) << describe(node);

  const auto verdict = node.status()["verdict"];
  int generation = 0;
  std::map<std::string, std::string> last;
  for (auto entry = journal.next(); !entry.empty(); entry = journal.next()) {
    EXPECT_EQ(entry["SYSLOG_IDENTIFIER"], "picketd");
    EXPECT_FALSE(entry["MESSAGE"].empty());
    if (!entry.contains("PICKET_GENERATION")) continue;
    EXPECT_EQ(entry["PICKET_GENERATION"], std::to_string(++generation)) << "one entry for each";
    EXPECT_EQ(entry["MESSAGE"], entry["PICKET_RULE"] + " " + entry["PICKET_SENTENCE"]);
    EXPECT_EQ(entry["MESSAGE_ID"].size(), 32U);
    last = entry;
  }
  EXPECT_EQ(generation, verdict["generation"]);
  EXPECT_EQ(last["PICKET_RULE"], verdict["rule"]);
  EXPECT_EQ(last["PICKET_SENTENCE"], verdict["sentence"]);
  EXPECT_EQ(last["PICKET_ADVERT"], verdict["advert"]);
  EXPECT_EQ(last["PICKET_VRRP"], verdict["vrrp"]);
  EXPECT_EQ(last["PRIORITY"], "5");
  EXPECT_EQ(node.stop_agent(SIGTERM), 0);
}

TEST(RestartedAgent, GivesNoAnswerTheNumberOfAnEarlierVerdict) {
  auto server = std::make_unique<Throwaway>();
  server->start();
  Member node(1, std::move(server));
  node.start_agent();
  const auto number = [&] { return std::strtoul(node.get("/primary").verdict.c_str(), nullptr, 10); };
  ASSERT_TRUE(took([&] { return number() > 0; }, Millis{8000})) << describe(node);
  node.stop_agent(SIGTERM);
  const unsigned long last =
      nlohmann::json::parse(read_text(node.folder() / "run/state.json"))["generation"].get<unsigned long>();
  ASSERT_GT(last, 0U);
  node.launch_agent();
  // From the first answer on, without a pause: what is said before the first decision is nobody's verdict.
  const Instant limit = boot_now() + Millis{8000};
  unsigned long now = 0;
  for (now = number(); now == 0 && boot_now() < limit;) now = number();
  EXPECT_GT(now, last) << describe(node);
}

}  // namespace
}  // namespace picket::test
