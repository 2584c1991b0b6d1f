// Clients that are slow, silent, wrong or gone: none of them may cost another one its answer.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <memory>

#include "http/served.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;

const Page& ok(Method, std::string_view, std::string_view) {
  static const Page page = Page::make(200, "text/plain", "OK - Primary\n");
  return page;
}

Server::Options options(Millis deadline, int max_connections = 512) {
  return {.address = "127.0.0.1", .port = 0, .deadline = deadline, .max_connections = max_connections};
}

Millis honest_check(int port) {
  const Instant begin = boot_now();
  EXPECT_EQ(body_of(ask(port, "GET /primary HTTP/1.1\r\nConnection: close\r\n\r\n")), "OK - Primary\n");
  return boot_now() - begin;
}

TEST(SilentClient, IsClosedAtTheDeadline) {
  Served served(options(200ms), ok);
  const Instant begin = boot_now();
  Client client(served.port());
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(client.closed());
  EXPECT_GE(boot_now() - begin, 195ms);
  EXPECT_LT(boot_now() - begin, 1000ms);
  EXPECT_EQ(served.stop().timed_out, 1u);
}

TEST(DrippingClient, IsClosedAtTheDeadlineAlthoughItNeverPauses) {
  Served served(options(300ms), ok);
  const Instant begin = boot_now();
  Client client(served.port());
  client.send("GET / HTTP/1.1\r\nX: ");
  while (!client.closed() && boot_now() - begin < 3000ms) {
    client.send("a");
    client.rest(10ms);
  }
  EXPECT_TRUE(client.closed());
  EXPECT_LT(boot_now() - begin, 1000ms);
}

TEST(KeptConnection, GetsTheDeadlineAnewAfterEachAnswer) {
  Served served(options(400ms), ok);
  Client client(served.port());
  const Instant begin = boot_now();
  // Three requests, 250 ms apart: together longer than one deadline.
  for (int i = 0; i < 3; ++i) {
    client.send("GET / HTTP/1.1\r\n\r\n");
    ASSERT_NE(client.answer(), "") << i;
    if (i < 2) client.rest(250ms);
  }
  EXPECT_GE(boot_now() - begin, 490ms);
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(client.closed());
}

TEST(DrippingClients, FourHundredDoNotDelayAnHonestOne) {
  Served served(options(1500ms), ok);
  std::vector<std::unique_ptr<Client>> drippers;
  for (int i = 0; i < 400; ++i) {
    drippers.push_back(std::make_unique<Client>(served.port()));
    ASSERT_TRUE(drippers.back()->connected());
    drippers.back()->send("GET / HT");
  }
  std::vector<Millis> waits;
  for (int round = 0; round < 40; ++round) {
    for (auto& dripper : drippers) dripper->send("T");
    waits.push_back(honest_check(served.port()));
  }
  std::sort(waits.begin(), waits.end());
  RecordProperty("median_ms", static_cast<int>(waits[waits.size() / 2].count()));
  RecordProperty("max_ms", static_cast<int>(waits.back().count()));
  EXPECT_LT(waits[waits.size() / 2], 200ms);
  EXPECT_LT(waits.back(), 2000ms);
  for (auto& dripper : drippers) {
    dripper->rest(3000ms);
    EXPECT_TRUE(dripper->closed());
  }
  EXPECT_EQ(served.stop().timed_out, 400u);
  EXPECT_EQ(served.left_over(), 0);
}

TEST(FullHouse, ClosesTheOneThatWaitsLongestForTheNewest) {
  Loop loop;
  Server server(loop, options(10000ms, 4), ok);
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(std::make_unique<Client>(server.port()));
    ASSERT_TRUE(loop.run_until([&] { return server.connections() == i + 1; }, 1000ms));
  }
  // The first one shows life: now it is the second that has waited longest.
  silent[0]->send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(loop.run_until([&] { return server.counters().answered == 1; }, 1000ms));
  Client honest(server.port());
  honest.send("GET / HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(loop.run_until([&] { return server.counters().answered == 2; }, 1000ms));
  EXPECT_EQ(body_of(honest.rest()), "OK - Primary\n");
  EXPECT_EQ(silent[1]->rest(1000ms), "");
  EXPECT_TRUE(silent[1]->closed());
  EXPECT_EQ(server.counters().evicted, 1u);
  EXPECT_EQ(server.connections(), 3);
  silent[0]->send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(loop.run_until([&] { return server.counters().answered == 3; }, 1000ms));
}

TEST(HugeHead, IsRefusedAndTheClientGetsToReadIt) {
  Served served(options(3000ms), ok);
  Client client(served.port());
  client.send("GET / HTTP/1.1\r\nX: " + std::string(40000, 'a'));
  client.end_of_sending();
  EXPECT_EQ(status_line(client.rest()), "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_FALSE(client.was_reset());
}

TEST(EndlessSender, IsCutOffAfterItsRefusal) {
  Served served(options(3000ms), ok);
  Client client(served.port());
  const std::string block(4096, 'a');
  client.send("POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n");
  int sent = 0;
  while (sent < 10000 && client.send(block)) ++sent;
  EXPECT_LT(sent, 10000);
  honest_check(served.port());
}

TEST(Garbage, IsRefusedAtItsFirstByte) {
  Served served(options(3000ms), ok);
  Client client(served.port());
  client.send(std::string_view("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8));  // PostgreSQL's SSLRequest
  EXPECT_EQ(status_line(client.answer()), "HTTP/1.1 400 Bad Request");
}

TEST(TlsClient, IsClosedWithoutAWord) {
  Served served(options(3000ms), ok);
  EXPECT_EQ(ask(served.port(), std::string_view("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 11)), "");
  EXPECT_EQ(served.stop().rejected, 1u);
}

TEST(VanishingClients, LeaveNothingBehind) {
  Served served(options(3000ms), ok);
  honest_check(served.port());
  const auto open = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator{});
  };
  const auto before = open();
  for (int i = 0; i < 300; ++i) {
    Client client(served.port());
    if (i % 3 == 0) client.send("GET / HTTP/1.1\r\n\r\n");
    if (i % 3 == 1) client.send("GET / HT");
    client.reset();
  }
  honest_check(served.port());
  const Instant begin = boot_now();
  while (open() > before && boot_now() - begin < 2000ms) std::this_thread::yield();
  EXPECT_LE(open(), before);
  served.stop();
  EXPECT_EQ(served.left_over(), 0);
}

TEST(SlowReader, IsClosedAtTheDeadlineWhileOthersAreServed) {
  const Page large = Page::make(200, "text/plain", std::string(16 << 20, 'p'));
  Served served(options(300ms), [&](Method, std::string_view path, std::string_view) -> const Page& {
    return path == "/large" ? large : ok(Method::get, path, {});
  });
  Client slow(served.port(), 4096);
  slow.send("GET /large HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 20; ++i) EXPECT_LT(honest_check(served.port()), 1500ms);
  const Instant begin = boot_now();
  while (served.port() != 0 && boot_now() - begin < 500ms) honest_check(served.port());
  EXPECT_LT(slow.rest().size(), large.body().size());
  EXPECT_TRUE(slow.closed());
  EXPECT_EQ(served.stop().timed_out, 1u);
}

/// Lets the process open no descriptor beyond those it has, and `more`, while it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t more) {
    getrlimit(RLIMIT_NOFILE, &before_);
    Fd next{dup(0)};
    const rlimit few{static_cast<rlim_t>(next.get()) + more, before_.rlim_max};
    next.reset();
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(OutOfDescriptors, TheLoopDoesNotSpinAndServesWhenThereIsRoomAgain) {
  Loop loop;
  Server server(loop, options(5000ms), ok);
  Client client(server.port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const auto cpu = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return Millis{t.tv_sec * 1000 + t.tv_nsec / 1'000'000};
  };
  {
    FewDescriptors none(0);
    const Millis begin = cpu();
    loop.run_until([] { return false; }, 350ms);
    EXPECT_LT(cpu() - begin, 200ms);
    EXPECT_EQ(server.counters().accepted, 0u);
  }
  EXPECT_TRUE(loop.run_until([&] { return server.counters().answered == 1; }, 1000ms));
  EXPECT_EQ(body_of(client.rest()), "OK - Primary\n");
}

TEST(OutOfDescriptors, TheOldestClientMakesRoom) {
  Loop loop;
  Server server(loop, options(5000ms), ok);
  Client silent(server.port());
  ASSERT_TRUE(loop.run_until([&] { return server.connections() == 1; }, 1000ms));
  Client honest(server.port());
  honest.send("GET / HTTP/1.0\r\n\r\n");
  {
    FewDescriptors none(0);
    EXPECT_TRUE(loop.run_until([&] { return server.counters().answered == 1; }, 1000ms));
  }
  EXPECT_EQ(body_of(honest.rest()), "OK - Primary\n");
  EXPECT_EQ(server.counters().evicted, 1u);
}

}  // namespace
}  // namespace picket
