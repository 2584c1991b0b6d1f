// Whom the way back follows, where a row of repmgr.nodes says `witness`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rejoin/real_cluster.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;
using testing::Not;

/// In the old primary's list of nodes this one is a witness.
void call_a_witness(const RepmgrNode& old, const RepmgrNode& node) {
  std::string nodes = old.state("nodes.json");
  const std::string row = '"' + node.name() + "\",\"standby\"";
  nodes.replace(nodes.find(row), row.size(), '"' + node.name() + "\",\"witness\"");
  write_text(old.state_folder() + "/nodes.json", nodes);
}

/// The server gets a database of its own, as repmgr's witness has.
void make_witness(Throwaway& server) {
  server.stop("immediate");
  run_as_postgres({"/bin/rm", "-rf", server.data()});
  EXPECT_EQ(run_as_postgres(
                {postgres_binaries() + "/initdb", "-D", server.data(), "-A", "trust", "-U", "postgres", "--no-sync"},
                server.log()),
            0);
  server.setting("port = " + std::to_string(server.port()));
  server.setting("unix_socket_directories = '" + server.folder() + "'");
  server.start();
}

TEST(RealPlan, TakesNoWitnessForThePrimaryNorForARival) {
  NEEDS_REPMGR();
  RealCluster cluster;
  RepmgrNode& old = *cluster.node1;
  cluster.promote_node2();
  old.server().stop("fast");
  make_witness(cluster.node3->server());
  call_a_witness(old, *cluster.node3);

  // Nobody follows node2 any more, and the only other server that takes writes is the witness's.
  const Ended one = old.rejoin({"--dry-run"});
  EXPECT_EQ(one.code, 1);
  EXPECT_THAT(one.out, HasSubstr("NOT NOW    no majority follows node2: if you know")) << one.err;
  EXPECT_THAT(one.out, Not(HasSubstr("node3")));

  cluster.node2->server().stop("fast");
  const Ended none = old.rejoin({"--dry-run"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.out, HasSubstr("NOT NOW    no other node shows itself as a primary")) << none.err;
  const Ended named = old.rejoin({"--dry-run", "--primary", "node3"});
  EXPECT_EQ(named.code, 1);
  EXPECT_THAT(named.out, HasSubstr("NOT NOW    node3 does not answer as a primary")) << named.err;
}

TEST(RealPlan, FollowsAPrimaryOfTheSameDataThoughItsRowSaysWitness) {
  NEEDS_REPMGR();
  RealCluster cluster;
  RepmgrNode& old = *cluster.node1;
  cluster.promote_node2();
  old.server().stop("fast");
  call_a_witness(old, *cluster.node2);  // somebody has edited it
  const Ended named = old.rejoin({"--dry-run", "--primary", "node2"});
  EXPECT_THAT(named.out, HasSubstr("primary    node2, timeline 2")) << named.err;
  EXPECT_EQ(named.code, 0) << named.out << named.err;
}

}  // namespace
}  // namespace picket::test
