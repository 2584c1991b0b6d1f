#include "repmgr/nodes.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

using Rows = std::vector<std::vector<std::optional<std::string>>>;

Rows three_nodes() {
  return {{"1", std::nullopt, "t", "pg1", "primary", "100", "host=10.0.0.11 user=repmgr dbname=repmgr"},
          {"2", "1", "t", "pg2", "standby", "90", "host=10.0.0.12 port=5433 user=repmgr dbname=repmgr"},
          {"3", "1", "f", "pg3", "witness", "0", "postgresql://repmgr@10.0.0.13/repmgr"}};
}

TEST(Nodes, AreReadAsRepmgrRegisteredThem) {
  const NodesResult result = decode_nodes(three_nodes());
  ASSERT_EQ(result.error, "");
  ASSERT_THAT(result.nodes, SizeIs(3));
  EXPECT_EQ(result.nodes[0].id, 1);
  EXPECT_EQ(result.nodes[0].name, "pg1");
  EXPECT_EQ(result.nodes[0].type, Node::Type::primary);
  EXPECT_TRUE(result.nodes[0].active);
  EXPECT_EQ(result.nodes[0].upstream_id, 0);
  EXPECT_EQ(result.nodes[1].type, Node::Type::standby);
  EXPECT_EQ(result.nodes[1].upstream_id, 1);
  EXPECT_EQ(result.nodes[1].priority, 90);
  EXPECT_EQ(result.nodes[1].host, "10.0.0.12");
  EXPECT_EQ(result.nodes[1].port, 5433);
  EXPECT_EQ(result.nodes[1].conninfo, "host=10.0.0.12 port=5433 user=repmgr dbname=repmgr");
  EXPECT_EQ(result.nodes[2].type, Node::Type::witness);
  EXPECT_FALSE(result.nodes[2].active);
  EXPECT_EQ(result.nodes[2].host, "10.0.0.13");
}

struct Nonsense {
  size_t column;
  std::optional<std::string> value;
  const char* said;
};

TEST(Nodes, AreNoneAtAllWhenOneRowIsNonsense) {
  for (const Nonsense& nonsense : {
           Nonsense{0, "x", "node_id: \"x\" is not a number"},
           Nonsense{0, "0", "node_id: 0 is less than 1"},
           Nonsense{0, std::nullopt, "node_id: is NULL"},
           Nonsense{0, "99999999999", "node_id: \"99999999999\" is not a number"},
           Nonsense{0, "1", "node_id: is there twice"},
           Nonsense{1, "-1", "upstream_node_id: -1 is less than 1"},
           Nonsense{2, "true", "active: \"true\" is neither t nor f"},
           Nonsense{3, "", "node_name: is empty"},
           Nonsense{3, "pg1", "node_name: \"pg1\" is there twice"},
           Nonsense{4, "bdr", "type: \"bdr\" is none of primary, standby and witness"},
           Nonsense{5, "1.5", "priority: \"1.5\" is not a number"},
           Nonsense{6, std::nullopt, "conninfo: is NULL"},
           Nonsense{6, "dbname=repmgr", "conninfo: names no host"},
           Nonsense{6, "host=pg2 port=99999", "conninfo: port \"99999\" is not a number from 1 to 65535"},
           Nonsense{6, "host=pg1,pg2", "conninfo: several hosts"},
       }) {
    Rows rows = three_nodes();
    rows[1][nonsense.column] = nonsense.value;
    const NodesResult result = decode_nodes(rows);
    EXPECT_THAT(result.nodes, IsEmpty());
    EXPECT_THAT(result.error, StartsWith("repmgr.nodes row 2"));
    EXPECT_THAT(result.error, HasSubstr(nonsense.said));
  }
}

TEST(Nodes, WithAColumnMissingAreAnError) {
  Rows rows = three_nodes();
  rows[2].pop_back();
  EXPECT_EQ(decode_nodes(rows).error, "repmgr.nodes row 3 (node_id 3): has 6 columns instead of 7");
}

TEST(Nodes, OfAnEmptyTableAreAnErrorAndNotAClusterOfNobody) {
  EXPECT_THAT(decode_nodes({}).error, HasSubstr("no row"));
}

TEST(NodesQuery, IsOneStatementOnTheTableItself) {
  EXPECT_THAT(std::string(nodes_query()), HasSubstr("FROM repmgr.nodes"));
  EXPECT_EQ(nodes_query().find(';'), std::string_view::npos);
}

}  // namespace
}  // namespace picket
