#include "fence/doors.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "loop/fd.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

// A TCP listener on a free port of 127.0.0.1 with the smallest queue there is.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length);
    listen(fd_.get(), 0);
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
  }
  void close() { fd_.reset(); }
  int port = 0;

 private:
  Fd fd_;
};

TEST(Doors, AreClosedWhereNobodyListens) {
  Listener listener;
  listener.close();
  const auto seen = Doors("127.0.0.1", listener.port, "").knock();
  EXPECT_TRUE(seen.closed);
  EXPECT_EQ(seen.text, "127.0.0.1:" + std::to_string(listener.port) + ": refused");
}

TEST(Doors, AreOpenWhereSomebodyAccepts) {
  Listener listener;
  const auto seen = Doors("127.0.0.1", listener.port, "").knock();
  EXPECT_FALSE(seen.closed);
  EXPECT_THAT(seen.text, HasSubstr("accepts"));
}

TEST(Doors, AConnectThatHangsIsNoRefusalAndNothingWaitsForIt) {
  Listener listener;
  Doors doors("127.0.0.1", listener.port, "");
  doors.knock();  // fills the queue that nobody empties ...
  doors.knock();
  Doors::Seen seen;
  for (int i = 0; i < 4; ++i) seen = doors.knock();  // ... so that this one gets no answer
  EXPECT_FALSE(seen.closed);
  EXPECT_THAT(seen.text, testing::EndsWith("no answer"));
  listener.close();
  EXPECT_TRUE(doors.knock().closed);
}

// A packet filter that swallows everything, or a loopback interface that is down, hides a refusal. In a network name
// space of its own; the thread's old one comes back with the end of the process only, so this is done in a child.
TEST(Doors, AreClosedWhereNobodyCanAnswerBecauseNobodyListens) {
  const int child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNET) != 0) _exit(2);
    const auto alone = Doors("127.0.0.1", 5432, "").knock();  // lo is down here
    if (!alone.closed || alone.text.find("nobody listens") == std::string::npos) _exit(3);
    const Listener listener;
    _exit(Doors("127.0.0.1", listener.port, "").knock().closed ? 4 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Doors, ANameOrAWildcardMeansTheLoopbackAddresses) {
  Listener listener;
  for (const char* host : {"", "*", "localhost", "0.0.0.0", "::", "pg1.example"}) {
    const auto seen = Doors(host, listener.port, "").knock();
    EXPECT_FALSE(seen.closed) << host;
    EXPECT_THAT(seen.text, HasSubstr("127.0.0.1:")) << host;
    EXPECT_THAT(seen.text, HasSubstr("[::1]:")) << host;
  }
}

TEST(Doors, AnAddressThatMovedAwayIsNotKnockedAt) {
  const auto seen = Doors("192.0.2.7", 5432, "").knock();
  EXPECT_TRUE(seen.closed);
  EXPECT_THAT(seen.text, HasSubstr("no such address on this host"));
}

class UnixDoors : public testing::Test {
 protected:
  UnixDoors() {
    std::string pattern = (std::filesystem::temp_directory_path() / "picket_doors_XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~UnixDoors() override { std::filesystem::remove_all(folder); }
  Fd listening() const {
    Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder + "/.s.PGSQL.5432";
    std::memcpy(address.sun_path, path.data(), path.size());
    bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    listen(fd.get(), 0);
    return fd;
  }
  // On a TCP port that is certainly free: 5432 only names the socket here.
  std::string folder;
};

TEST_F(UnixDoors, AreClosedWithoutASocketAndWithTheSocketOfADeadServer) {
  Doors doors("192.0.2.7", 5432, folder);
  auto seen = doors.knock();
  EXPECT_TRUE(seen.closed);
  EXPECT_THAT(seen.text, HasSubstr(folder + "/.s.PGSQL.5432: no socket"));
  listening().reset();
  seen = doors.knock();
  EXPECT_TRUE(seen.closed);
  EXPECT_THAT(seen.text, HasSubstr("refused"));
}

TEST_F(UnixDoors, AreOpenWithAServerAndWithOneWhoseQueueIsFull) {
  const Fd server = listening();
  Doors doors("192.0.2.7", 5432, folder);
  EXPECT_THAT(doors.knock().text, HasSubstr("accepts"));
  Doors::Seen seen;
  for (int i = 0; i < 4; ++i) {
    seen = doors.knock();
    EXPECT_FALSE(seen.closed);
  }
}

TEST(Doors, WithoutAPortThereIsNothingToKnockAt) {
  EXPECT_TRUE(Doors("127.0.0.1", 0, "/run/postgresql").knock().closed);
}

}  // namespace
}  // namespace picket
