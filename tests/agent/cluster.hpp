#pragma once
// Three nodes (or two) on loopback: node1 is the primary, node2 and node3 stream from it, and all are registered in
// repmgr.nodes. And what can befall them.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/member.hpp"

namespace picket::test {

class Cluster {
 public:
  /// The servers run and stream; no agent does.
  explicit Cluster(int nodes = 3);
  /// When the test has failed, what every agent said is printed: an exception names none of it.
  ~Cluster();

  Member& node1() { return *members_[0]; }
  Member& node2() { return *members_[1]; }
  Member& node3() { return *members_[2]; }
  const std::vector<std::unique_ptr<Member>>& members() const { return members_; }

  /// Starts the agents and waits until they say R1, R12 and R12.
  void start_agents(const AgentOptions& options = {});

 private:
  std::vector<std::unique_ptr<Member>> members_;
};

/// Promotes the standby and waits until it takes writes.
void promote(Member& standby);
/// Makes a standby stream from another upstream, as `repmgr standby follow` does.
void follow(Member& standby, Member& upstream);
/// Replaces a dead server's data by a fresh copy of the upstream's and starts it as a standby, as `repmgr standby
/// clone` does.
void reclone(Member& dead, Member& upstream);

/// Starts the server as an administrator would, with pg_ctl and no unit. Ended and reaped with the object.
class StartedByHand {
 public:
  explicit StartedByHand(Member& member);
  ~StartedByHand();
  StartedByHand(const StartedByHand&) = delete;
  StartedByHand& operator=(const StartedByHand&) = delete;
  /// How long until it lets somebody in, from now, or has ended already: a fence may be faster than our looks.
  std::optional<Millis> until_it_accepts_or_ends(Millis limit) const;

 private:
  Member& member_;
  pid_t pid_ = 0;
};

/// Every process of the server stopped with SIGSTOP: it accepts into the kernel's backlog and answers nothing.
class Frozen {
 public:
  explicit Frozen(Member& member);
  ~Frozen() { thaw(); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  void thaw();

 private:
  std::vector<pid_t> pids_;
};

/// A process called postgres that the agent may not examine: it could be one of the server's, if its user fits. Agents
/// see it with AgentOptions::sees_everybody.
class Unexaminable {
 public:
  explicit Unexaminable(const std::string& user);

 private:
  Folder folder_;
  std::unique_ptr<Child> child_;
};

/// Asks a health page again and again, and remembers every other answer than the one before, with its moment.
class Watching {
 public:
  Watching(const Member& member, std::string path);
  ~Watching() { stop(); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  struct Change {
    Instant at;
    int status;
  };
  /// Ends it; the changes, the first answer included.
  const std::vector<Change>& stop();
  /// Whether `status` was ever answered. Ends it.
  bool ever(int status);

 private:
  int port_;
  std::string path_;
  std::vector<Change> changes_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// A figure for the report.
void measured(const std::string& what, std::optional<Millis> time);

}  // namespace picket::test
