// The job's marker is on disk before anything changes, also where the agent writes it.
#include "rejoin/stale_mark.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "agent/programs.hpp"
#include "control_client.hpp"
#include "fence/marker.hpp"
#include "loop/fd.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;

/// An agent that takes one order, says that all is well, and writes the marker a while later, or never.
class SlowAgent {
 public:
  SlowAgent(const std::string& socket_path, std::function<void()> later) {
    const sockaddr_un address = control_address(socket_path);
    bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    listen(listener_.get(), 1);
    thread_ = std::jthread([this, later = std::move(later)] {
      const Fd client{accept(listener_.get(), nullptr, nullptr)};
      char order[256];
      if (recv(client.get(), order, sizeof order, 0) > 0) send(client.get(), "0\nfenced\n", 9, MSG_NOSIGNAL);
      shutdown(client.get(), SHUT_RDWR);
      later();
    });
  }

 private:
  Fd listener_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::jthread thread_;
};

struct StaleMark : testing::Test {
  StaleMark() {
    config.run_directory = config.state_directory = folder.path();
    view.plan.kind = RejoinKind::rewind;
    view.primary.name = "pg2";
  }
  Folder folder;
  Config config;
  RejoinView view;
};

TEST_F(StaleMark, WaitsUntilTheAgentsMarkerIsOnDisk) {
  const std::string path = folder / "fence.json";
  const SlowAgent agent(folder / "control.sock", [&] {
    usleep(300'000);
    Marker marker;
    marker.add({"stale", "pg2 is the primary", "now", 1});
    EXPECT_EQ(write_marker(path, marker), "");
  });
  mark_stale(config, view);
  EXPECT_EQ(read_marker(path).state, MarkerFile::State::present);
}

TEST_F(StaleMark, ThatDoesNotGetThereEndsTheJob) {
  const SlowAgent agent(folder / "control.sock", [] {});
  try {
    mark_stale(config, view, Millis{300});
    ADD_FAILURE() << "the marker is nowhere";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("fence.json: picketd's marker does not get there"));
  }
}

TEST_F(StaleMark, IsWrittenByTheJobWhereNoAgentAnswers) {
  mark_stale(config, view);
  EXPECT_THAT(read_text(folder / "fence.json"), HasSubstr("on the way back to pg2"));
}

}  // namespace
}  // namespace picket::test
