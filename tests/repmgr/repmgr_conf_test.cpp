#include "repmgr/repmgr_conf.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* file = "/etc/repmgr.conf";

// As the guide has it (step 3.2).
constexpr const char* guide =
    "node_id=1\n"
    "node_name='pg1'\n"
    "conninfo='host=10.0.0.11 user=repmgr dbname=repmgr connect_timeout=2'\n"
    "data_directory='/var/lib/postgresql/17/main'\n"
    "use_replication_slots=yes\n"
    "monitoring_history=yes\n"
    "log_level=INFO\n"
    "pg_bindir='/usr/lib/postgresql/17/bin'\n"
    "service_start_command='sudo /usr/bin/pg_ctlcluster 17 main start'\n"
    "service_stop_command='sudo /usr/bin/pg_ctlcluster 17 main stop'\n"
    "service_restart_command='sudo /usr/bin/pg_ctlcluster 17 main restart'\n"
    "service_reload_command='sudo /usr/bin/pg_ctlcluster 17 main reload'\n"
    "service_promote_command='sudo /usr/bin/pg_ctlcluster 17 main promote'\n"
    "failover=automatic\n"
    "promote_command='repmgr standby promote -f /etc/repmgr.conf --log-to-file'\n"
    "follow_command='repmgr standby follow -f /etc/repmgr.conf --log-to-file --upstream-node-id=%n'\n"
    "reconnect_attempts=3\n"
    "reconnect_interval=5\n"
    "monitor_interval_secs=2\n";

// Lines 1 to 4; what a test adds begins on line 5.
constexpr const char* least =
    "node_id=1\n"
    "node_name=pg1\n"
    "conninfo='host=10.0.0.11'\n"
    "data_directory='/data'\n";

std::string refusal(const std::string& text) {
  try {
    parse_repmgr_conf(text, file);
  } catch (const RepmgrConfError& error) {
    return error.what();
  }
  return "taken";
}

TEST(RepmgrConf, OfTheGuideIsUnderstood) {
  const RepmgrConf conf = parse_repmgr_conf(guide, file);
  EXPECT_EQ(conf.node_id, 1);
  EXPECT_EQ(conf.node_name, "pg1");
  EXPECT_EQ(conf.conninfo, "host=10.0.0.11 user=repmgr dbname=repmgr connect_timeout=2");
  EXPECT_EQ(conf.data_directory, "/var/lib/postgresql/17/main");
  EXPECT_EQ(conf.pg_bindir, "/usr/lib/postgresql/17/bin");
  EXPECT_EQ(conf.service_stop_command, "sudo /usr/bin/pg_ctlcluster 17 main stop");
  EXPECT_EQ(conf.service_promote_command, "sudo /usr/bin/pg_ctlcluster 17 main promote");
  EXPECT_EQ(conf.failover, "automatic");
  EXPECT_EQ(conf.reconnect_attempts, 3);
  EXPECT_EQ(conf.reconnect_interval, 5s);
  EXPECT_EQ(conf.monitor_interval, 2s);
  EXPECT_THAT(conf.warnings, IsEmpty());
}

TEST(RepmgrConf, HasTheDefaultsOfRepmgr) {
  const RepmgrConf conf = parse_repmgr_conf(least, file);
  EXPECT_EQ(conf.failover, "manual");
  EXPECT_EQ(conf.connection_check_type, "ping");
  EXPECT_EQ(conf.reconnect_attempts, 6);
  EXPECT_EQ(conf.reconnect_interval, 10s);
  EXPECT_EQ(conf.monitor_interval, 2s);
  EXPECT_EQ(conf.priority, 100);
  EXPECT_FALSE(conf.primary_visibility_consensus);
}

TEST(RepmgrConf, FollowsTheGrammarOfPostgresqlConf) {
  const std::string text =
      "# a comment\r\n"
      "\n"
      "node_id 7\r\n"
      "  node_name = 'it''s' # the equals sign and blanks are free\n"
      "conninfo='host=\\'10.0.0.11\\' application_name=x'\n"
      "service_stop_command='a\\tb\\101'\n"
      "data_directory='/data # not a comment'#comment\n"
      "priority=50\n"
      "priority=60\n"
      "reconnect_interval=5s\n"
      "primary_visibility_consensus=ON\n"
      "some_extension.setting=1\n"
      "failover=automatic";
  const RepmgrConf conf = parse_repmgr_conf(text, file);
  EXPECT_EQ(conf.node_id, 7);
  EXPECT_EQ(conf.node_name, "it's");
  EXPECT_EQ(conf.conninfo, "host='10.0.0.11' application_name=x");
  EXPECT_EQ(conf.service_stop_command, "a\tbA");
  EXPECT_EQ(conf.data_directory, "/data # not a comment");
  EXPECT_EQ(conf.priority, 60);
  EXPECT_EQ(conf.reconnect_interval, 5s);
  EXPECT_TRUE(conf.primary_visibility_consensus);
  EXPECT_EQ(conf.failover, "automatic");
}

TEST(RepmgrConf, SaysThatAnIncludeIsNotFollowed) {
  const RepmgrConf conf = parse_repmgr_conf(std::string(least) + "include_if_exists 'more.conf'\n", file);
  EXPECT_THAT(conf.warnings, ElementsAre("/etc/repmgr.conf:5: include directives are not followed"));
  EXPECT_EQ(refusal("include 'more.conf'\n"),
            "/etc/repmgr.conf: node_id is missing (include directives are not followed)");
}

TEST(RepmgrConf, NamesTheFileWhenARequiredSettingIsMissing) {
  EXPECT_EQ(refusal(""), "/etc/repmgr.conf: node_id is missing");
  EXPECT_EQ(refusal("node_id=1\nnode_name=a\nconninfo='host=a'\n"), "/etc/repmgr.conf: data_directory is missing");
  EXPECT_EQ(refusal("NODE_ID=1\n"), "/etc/repmgr.conf: node_id is missing") << "repmgr takes no upper case either";
}

TEST(RepmgrConf, NamesTheLineOfAValueThatMakesNoSense) {
  const std::string head = least;
  EXPECT_EQ(refusal("\nnode_id=one\nnode_name=a\nconninfo='host=a'\ndata_directory='/d'"),
            "/etc/repmgr.conf:2: node_id: \"one\" is not a whole number");
  EXPECT_EQ(refusal(head + "node_id=0"), "/etc/repmgr.conf:5: node_id: 0 is less than 1");
  EXPECT_EQ(refusal(head + "node_id=99999999999"),
            "/etc/repmgr.conf:5: node_id: \"99999999999\" is not a whole number");
  EXPECT_EQ(refusal(head + "node_name=''"), "/etc/repmgr.conf:5: node_name: is empty");
  EXPECT_EQ(refusal(head + "data_directory='data'"), "/etc/repmgr.conf:5: data_directory: is not an absolute path");
  EXPECT_EQ(refusal(head + "failover=auto"), "/etc/repmgr.conf:5: failover: \"auto\" is none of manual, automatic");
  EXPECT_EQ(refusal(head + "monitor_interval_secs=0"), "/etc/repmgr.conf:5: monitor_interval_secs: 0 is less than 1");
  EXPECT_EQ(refusal(head + "primary_visibility_consensus=maybe"),
            "/etc/repmgr.conf:5: primary_visibility_consensus: \"maybe\" is not a boolean");
  EXPECT_THAT(refusal(head + "conninfo='dbname=repmgr'"), HasSubstr(":5: conninfo: names no host"));
  EXPECT_THAT(refusal(head + "conninfo='host=a port=x'"), HasSubstr(":5: conninfo: port \"x\""));
}

TEST(RepmgrConf, NamesTheLineThatIsMalformed) {
  const std::string head = least;
  EXPECT_EQ(refusal(head + "location=a b"),
            "/etc/repmgr.conf:5: more than one value for location: quote values that hold blanks");
  EXPECT_EQ(refusal(head + "location='a"), "/etc/repmgr.conf:5: the quote does not end on this line");
  EXPECT_EQ(refusal(head + "location="), "/etc/repmgr.conf:5: expected a value");
  EXPECT_EQ(refusal(head + "=5"), "/etc/repmgr.conf:5: expected a name");
  EXPECT_EQ(refusal(head + "[section]"), "/etc/repmgr.conf:5: expected a name");
  EXPECT_EQ(refusal(head + "location=\"a\""), "/etc/repmgr.conf:5: a value with '\"' must stand in single quotes");
  EXPECT_THAT(refusal(head + std::string("\0\0\0", 3)), HasSubstr(":5: "));
}

TEST(RepmgrConf, SurvivesEveryPrefixOfAFile) {
  const std::string text = guide;
  for (size_t length = 0; length <= text.size(); ++length) refusal(text.substr(0, length));
}

}  // namespace
}  // namespace picket
