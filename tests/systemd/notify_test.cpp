#include "systemd/notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;

// The service manager's end, as systemd binds it: a datagram socket at a path or in the abstract name space.
class Manager {
 public:
  explicit Manager(std::string path) : path_(std::move(path)) {
    fd_ = Fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (path_[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0) << strerror(errno);
    setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~Manager() {
    std::filesystem::remove(path_);
    unsetenv("NOTIFY_SOCKET");
  }
  // The next datagram, "" if there is none.
  std::string next() {
    char text[512];
    const ssize_t n = recv(fd_.get(), text, sizeof text, 0);
    return n < 0 ? "" : std::string(text, static_cast<size_t>(n));
  }

 private:
  std::string path_;
  Fd fd_;
};

std::string socket_path() {
  return (std::filesystem::temp_directory_path() / ("picket_notify_" + std::to_string(getpid()))).string();
}

TEST(Notify, TellsReadyStatusAndStopping) {
  Loop loop;
  Manager manager(socket_path());
  Notify notify(loop);
  notify.ready("watching");
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=watching\n");
  notify.status("watching");
  EXPECT_EQ(manager.next(), "") << "the same line was sent twice";
  notify.status("primary on timeline 3");
  EXPECT_EQ(manager.next(), "STATUS=primary on timeline 3\n");
  notify.stopping();
  EXPECT_EQ(manager.next(), "STOPPING=1\n");
}

TEST(Notify, SpeaksToAnAbstractSocket) {
  Loop loop;
  Manager manager("@picket_notify_" + std::to_string(getpid()));
  Notify notify(loop);
  notify.stopping();
  EXPECT_EQ(manager.next(), "STOPPING=1\n");
}

TEST(Notify, KeepsItsVariablesFromChildren) {
  Loop loop;
  Manager manager(socket_path());
  setenv("WATCHDOG_USEC", "1000000", 1);
  Notify notify(loop);
  EXPECT_EQ(getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(getenv("WATCHDOG_USEC"), nullptr);
}

TEST(Notify, FeedsTheWatchdogThreeTimesPerPeriodFromTheLoop) {
  Loop loop;
  Manager manager(socket_path());
  setenv("WATCHDOG_USEC", "150000", 1);
  Notify notify(loop);
  EXPECT_EQ(notify.watchdog(), 150ms);
  const Instant begin = boot_now();
  int fed = 0;
  ASSERT_TRUE(loop.run_until(
      [&] {
        if (manager.next() == "WATCHDOG=1") ++fed;
        return fed == 3;
      },
      2000ms));
  EXPECT_GE(boot_now() - begin, 140ms);
}

TEST(Notify, ReadyReachesAManagerThatWasTooBusyToListen) {
  Loop loop;
  Manager manager(socket_path());
  Notify notify(loop);
  int sent = 0;  // until the queue is full (net.unix.max_dgram_qlen)
  for (; sent < 5000; ++sent) notify.status("line " + std::to_string(sent));
  notify.ready("at last");
  std::string last;
  ASSERT_TRUE(loop.run_until(
      [&] {
        for (std::string next = manager.next(); !next.empty(); next = manager.next()) last = next;
        return last.find("READY=1\nSTATUS=at last") != std::string::npos;
      },
      2000ms));
}

TEST(Notify, IsSilentWithoutAServiceManagerAndWithAWatchdogOfAnotherProcess) {
  Loop loop;
  unsetenv("NOTIFY_SOCKET");
  Notify alone(loop);
  alone.ready("nobody listens");
  EXPECT_EQ(alone.watchdog(), 0ms);
  Manager manager(socket_path());
  setenv("WATCHDOG_USEC", "150000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  Notify other(loop);
  EXPECT_EQ(other.watchdog(), 0ms);
}

}  // namespace
}  // namespace picket
