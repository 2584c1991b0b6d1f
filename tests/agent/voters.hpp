#pragma once
// The three voters of a lease, on loopback: the key that they share, their ports, and what the table [lease] says at
// each. A lease lasts 1 s, and a voter is bound for 2.3 s, with a client gate for 1.3 s.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/programs.hpp"
#include "postgres/throwaway.hpp"

namespace picket::test {

class Voters {
 public:
  Voters() {
    const Ended made = run({picket_binary(), "keygen", folder_ / "cluster.key"});
    EXPECT_EQ(made.code, 0) << made.err;
    for (int id = 1; id <= 3; ++id) {
      ports_.push_back(free_port());
      voters_ += (id == 1 ? "" : " ") + std::to_string(id) + "=127.0.0.1:" + std::to_string(ports_.back());
    }
  }

  /// `id` is one of 1 to 3.
  std::string lines(int id) const {
    return "voters = \"" + voters_ + "\"\nkey = \"" + folder_ / "cluster.key" +
           "\"\nlisten = \"127.0.0.1\"\nport = " + std::to_string(ports_[static_cast<size_t>(id - 1)]) +
           "\nheartbeat = \"100ms\"\nduration = \"1s\"\ndrift = \"300ms\"\nfence_within = \"1s\"\n";
  }

 private:
  Folder folder_;
  std::vector<int> ports_;
  std::string voters_;
};

}  // namespace picket::test
