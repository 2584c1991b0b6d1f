#pragma once
// A probe with a loop of its own, for tests, and small servers that are no PostgreSQL.

#include <gmock/gmock.h>

#include <deque>
#include <functional>
#include <ostream>
#include <string>

#include "core/words.hpp"
#include "loop/loop.hpp"
#include "loop/sources.hpp"
#include "loop/worker.hpp"
#include "postgres/probe.hpp"

namespace picket {
inline void PrintTo(Answer answer, std::ostream* out) { *out << word(answer); }
inline void PrintTo(Role role, std::ostream* out) { *out << word(role); }
}  // namespace picket

namespace picket::test {

struct Watched {
  /// Asks often, so that tests are short: a session query each 50 ms, a fresh connection each 100 ms, deadlines of 300
  /// ms.
  static ProbeOptions quick(const std::string& conninfo);

  explicit Watched(const std::string& conninfo) : Watched(quick(conninfo)) {}
  explicit Watched(ProbeOptions options) : probe(loop, resolver, std::move(options), [this] { ++told; }) {}

  bool until(const std::function<bool()>& done, Millis limit = Millis{5000}) { return loop.run_until(done, limit); }
  /// Runs until a status query that was sent after this call has been answered.
  bool until_new_facts(Millis limit = Millis{5000});
  const Attempts& session() const { return probe.view().session; }
  const Attempts& fresh() const { return probe.view().fresh; }
  /// The latest facts; an empty value when there are none.
  ServerFacts facts() const { return probe.view().facts.value_or(ServerFacts{}); }

  Loop loop;
  Worker resolver{loop};
  int told = 0;
  Probe probe;
};

/// Listens on a loopback port and treats everybody the same way.
class FakeServer {
 public:
  enum class Manner { silent, close_at_once, talk_http };
  FakeServer(Loop& loop, Manner manner);
  int port() const { return port_; }
  std::string conninfo() const { return "host=127.0.0.1 dbname=x user=x port=" + std::to_string(port_); }
  int visitors() const { return visitors_; }

 private:
  void visitor();
  Loop& loop_;
  Manner manner_;
  int port_ = 0;  // set while listener_ is made
  Fd listener_;
  int visitors_ = 0;
  std::deque<Fd> held_;
  std::deque<Io> talking_;
  Io io_;
};

}  // namespace picket::test
