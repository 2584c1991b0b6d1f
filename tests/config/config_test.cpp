#include "config/config.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "config/keys.hpp"
#include "config/same_config.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(const std::string& text) {
  try {
    load(text, "picket.toml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "taken";
}

TEST(Config, OfAnEmptyFileIsTheDefaults) {
  EXPECT_EQ(all_fields(load("", "picket.toml")), all_fields(Config{}));
  EXPECT_EQ(all_fields(load("[guard]\n[http]\n", "picket.toml")), all_fields(Config{}));
}

TEST(Config, TakesEveryKey) {
  const Config config = load(R"(
level = "observe"
run_directory = "/run/other"
state_directory = "/srv/picket"
http = { listen = "::1", port = 9008 }
[repmgr]
conf = "/etc/repmgr/15/repmgr.conf"
nodes_every = "5s"
[postgresql]
conninfo = "host=/run/postgresql dbname=repmgr"
data_directory = "/data"
unit = "postgresql-15.service"
poll = "500ms"
fresh_every = "3s"
session_deadline = "700ms"
connect_deadline = "800ms"
fresh_deadline = "900ms"
[keepalived]
address = "10.0.0.5/24"
unit = "vrrp.service"
gate_file = "/run/other/gate"
rank_file = "/run/other/rank"
notify_fifo = ""
[guard]
fresh = "2s"
role_ttl = "6s"
loop_gap = "3s"
suspect_after = "2.5s"
isolation_timeout = "8s"
stale_confirm = "1s"
conflict_confirm = "3s"
promotion_confirm = "7s"
hang_withdraw = "5s"
hang_stop = "10s"
upstream_silence = "20s"
rejoin_stable = "30s"
return_stable = "4s"
[replica]
max_lag = "16MB"
stale_reads = false
[log]
level = "debug"
)",
                             "picket.toml");
  EXPECT_EQ(config.policy.level, Level::observe);
  EXPECT_EQ(config.run_directory, "/run/other");
  EXPECT_EQ(config.state_directory, "/srv/picket");
  EXPECT_EQ(config.http.listen, "::1");
  EXPECT_EQ(config.http.port, 9008);
  EXPECT_EQ(config.repmgr.conf, "/etc/repmgr/15/repmgr.conf");
  EXPECT_EQ(config.repmgr.nodes_every, 5s);
  EXPECT_EQ(config.postgresql.conninfo, "host=/run/postgresql dbname=repmgr");
  EXPECT_EQ(config.postgresql.data_directory, "/data");
  EXPECT_EQ(config.postgresql.unit, "postgresql-15.service");
  EXPECT_EQ(config.postgresql.poll, 500ms);
  EXPECT_EQ(config.postgresql.fresh_every, 3s);
  EXPECT_EQ(config.postgresql.session_deadline, 700ms);
  EXPECT_EQ(config.postgresql.connect_deadline, 800ms);
  EXPECT_EQ(config.postgresql.fresh_deadline, 900ms);
  EXPECT_EQ(config.keepalived.address, "10.0.0.5/24");
  EXPECT_EQ(config.keepalived.unit, "vrrp.service");
  EXPECT_EQ(config.keepalived.gate_file, "/run/other/gate");
  EXPECT_EQ(config.keepalived.rank_file, "/run/other/rank");
  EXPECT_EQ(config.keepalived.notify_fifo, "");
  EXPECT_EQ(config.policy.fresh, 2s);
  EXPECT_EQ(config.policy.role_ttl, 6s);
  EXPECT_EQ(config.policy.loop_gap, 3s);
  EXPECT_EQ(config.policy.suspect_after, 2500ms);
  EXPECT_EQ(config.policy.isolation_timeout, 8s);
  EXPECT_EQ(config.policy.stale_confirm, 1s);
  EXPECT_EQ(config.policy.conflict_confirm, 3s);
  EXPECT_EQ(config.policy.promotion_confirm, 7s);
  EXPECT_EQ(config.policy.hang_withdraw, 5s);
  EXPECT_EQ(config.policy.hang_stop, 10s);
  EXPECT_EQ(config.policy.upstream_silence, 20s);
  EXPECT_EQ(config.policy.rejoin_stable, 30s);
  EXPECT_EQ(config.policy.return_stable, 4s);
  EXPECT_EQ(config.policy.replica_max_lag, 16777216U);
  EXPECT_FALSE(config.policy.stale_reads);
  EXPECT_EQ(config.log_level, LogLevel::debug);
}

TEST(Config, NamesTheLineOfAnUnknownKeyAndTheNearestKnownOne) {
  EXPECT_EQ(refusal("\n\n[guard]\nisolation_timout = \"4s\"\n"),
            "picket.toml:4: unknown key \"guard.isolation_timout\"; did you mean \"guard.isolation_timeout\"?");
  EXPECT_EQ(refusal("poll = \"1s\"\n"), "picket.toml:1: unknown key \"poll\"; did you mean \"postgresql.poll\"?");
  EXPECT_EQ(refusal("[guard]\nsomething_else = 1\n"), "picket.toml:2: unknown key \"guard.something_else\"");
  EXPECT_EQ(refusal("[guards]\n"), "picket.toml:1: unknown table \"guards\"; did you mean \"guard\"?");
  EXPECT_EQ(refusal("[guard.more]\n"), "picket.toml:1: unknown table \"guard.more\"");
  EXPECT_EQ(refusal("guard = 1\n"), "picket.toml:1: unknown key \"guard\"");
}

TEST(Config, NamesTheLineOfAValueThatMakesNoSense) {
  const std::string form = "must be a duration in quotes with its unit, such as \"4s\" or \"250ms\"";
  EXPECT_EQ(refusal("[postgresql]\npoll = 250\n"), "picket.toml:2: postgresql.poll: " + form + ", not a whole number");
  EXPECT_EQ(refusal("[postgresql]\npoll = \"250\"\n"), "picket.toml:2: postgresql.poll: " + form);
  EXPECT_EQ(refusal("[postgresql]\npoll = \"49ms\"\n"), "picket.toml:2: postgresql.poll: must be from 50ms to 10s");
  EXPECT_EQ(refusal("[postgresql]\npoll = \"11s\"\n"), "picket.toml:2: postgresql.poll: must be from 50ms to 10s");
  EXPECT_EQ(refusal("[postgresql]\npoll = [\"1s\"]\n"), "picket.toml:2: postgresql.poll: " + form + ", not an array");
  EXPECT_EQ(refusal("level = \"leased\"\n"),
            "picket.toml:1: level: \"leased\" is none of \"observe\", \"guard\", \"lease\"");
  EXPECT_EQ(refusal("level = 1979-05-27\n"), "picket.toml:1: level: must be a string, not a date or time");
  EXPECT_EQ(refusal("[level]\n"), "picket.toml:1: level: must be a string, not a table");
  EXPECT_EQ(refusal("[http]\nport = 0\n"), "picket.toml:2: http.port: must be from 1 to 65535");
  EXPECT_EQ(refusal("[http]\nport = \"8008\"\n"), "picket.toml:2: http.port: must be a whole number, not a string");
  EXPECT_EQ(refusal("[http]\nport = 8008.5\n"),
            "picket.toml:2: http.port: must be a whole number, not a number with a fraction");
  EXPECT_THAT(refusal("[http]\nlisten = \"localhost\"\n"), StartsWith("picket.toml:2: http.listen: must be an IPv4"));
  EXPECT_THAT(refusal("[keepalived]\naddress = \"vip\"\n"), StartsWith("picket.toml:2: keepalived.address: must be"));
  EXPECT_THAT(refusal("[keepalived]\nunit = \"keepalived\"\n"), HasSubstr("ends in .service"));
  EXPECT_THAT(refusal("[keepalived]\ngate_file = \"gate\"\n"), HasSubstr("must be an absolute path"));
  EXPECT_THAT(refusal("[postgresql]\nconninfo = \"host=a port=x\"\n"), HasSubstr(":2: postgresql.conninfo: port"));
  EXPECT_EQ(load("[log]\nflight_recorder = \"none\"\n", "x").flight_recorder, 0U);
  EXPECT_THAT(refusal("[log]\nflight_recorder = \"255kB\"\n"), HasSubstr("must be from 256kB to 1GB, or \"none\""));
  EXPECT_THAT(refusal("[log]\nflight_recorder = 4\n"), HasSubstr("such as \"4MB\", or \"none\", not a whole"));
  EXPECT_THAT(refusal("[replica]\nmax_lag = 16777216\n"), HasSubstr("such as \"16MB\", or \"none\", not a whole"));
  EXPECT_EQ(refusal("[replica]\nstale_reads = \"yes\"\n"),
            "picket.toml:2: replica.stale_reads: must be true or false, not a string");
  EXPECT_THAT(refusal("[log]\nlevel = \"verbose\"\n"), HasSubstr("none of \"debug\", \"info\""));
}

TEST(Config, NamesTheLineWhereTwoBoundsContradictEachOther) {
  EXPECT_EQ(refusal("[guard]\nhang_withdraw = \"3s\"\nhang_stop = \"2s\"\n"),
            "picket.toml:3: guard.hang_stop (2s) must not be less than guard.hang_withdraw (3s): a server is withdrawn "
            "before it is stopped");
  EXPECT_THAT(refusal("[guard]\nhang_withdraw = \"5s\"\n"), StartsWith("picket.toml:2: guard.hang_stop (4s) must not"));
  EXPECT_THAT(refusal("[guard]\nsuspect_after = \"200ms\"\nisolation_timeout = \"1.7s\"\n"),
              StartsWith("picket.toml:3: guard.isolation_timeout (1700ms) must be at least guard.fresh (1500ms) plus "
                         "postgresql.poll (250ms)"));
  EXPECT_THAT(refusal("[postgresql]\npoll = \"1s\"\n"), StartsWith("picket.toml:2: guard.fresh (1500ms) must be at"));
  EXPECT_THAT(refusal("[guard]\nloop_gap = \"400ms\"\n"), StartsWith("picket.toml:2: guard.loop_gap (400ms)"));
  EXPECT_THAT(refusal("[guard]\nconflict_confirm = \"0s\"\n"),
              StartsWith("picket.toml:2: guard.conflict_confirm (0s)"));
  EXPECT_THAT(refusal("[guard]\nrole_ttl = \"1s\"\n"), StartsWith("picket.toml:2: guard.role_ttl (1s)"));
  EXPECT_THAT(refusal("[guard]\nsuspect_after = \"5s\"\n"), HasSubstr("guard.isolation_timeout (4s) must not be less"));
  EXPECT_THAT(refusal("[postgresql]\nfresh_deadline = \"3s\"\n"), HasSubstr("guard.hang_withdraw (2s) must not be"));
}

TEST(Config, HasAClientGateAtLevelLeaseOnly) {
  EXPECT_THAT(refusal("level = \"guard\"\n[lease]\nclient_gate = true\n"),
              StartsWith("picket.toml:3: lease.client_gate is true, and only level = \"lease\" has a client gate"));
  EXPECT_THAT(refusal("[lease]\nclient_gate = true\n"), StartsWith("picket.toml:2: lease.client_gate is true"));
  EXPECT_THAT(refusal("level = \"observe\"\n[lease]\nclient_gate = true\n"), HasSubstr("lease.client_gate is true"));
  const std::string lease = "level = \"lease\"\n[lease]\nvoters = \"1=a 2=b 3=c\"\n";
  EXPECT_TRUE(load(lease + "client_gate = true\n", "picket.toml").lease.client_gate);
}

TEST(Config, HasNoFaceOnThePortOfTheClientGate) {
  const std::string gate = "level = \"lease\"\n[lease]\nvoters = \"1=a 2=b 3=c\"\nclient_gate = true\n";
  EXPECT_EQ(refusal(gate + "client_port = 8008\n"),
            "picket.toml:5: lease.client_port (8008) is http.port too: the kernel would turn whoever asks there into a "
            "client of PostgreSQL");
  for (const auto& [table, key] : {std::pair{"http", "percona_port"},
                                   {"http", "clustercontrol_port"},
                                   {"haproxy", "agent_primary_port"},
                                   {"haproxy", "agent_replica_port"}}) {
    const std::string face = "[" + std::string(table) + "]\n" + key + " = 6433\n";
    EXPECT_THAT(refusal(gate + face),
                StartsWith("picket.toml:6: lease.client_port (6433) is " + std::string(table) + "." + key + " too"));
    EXPECT_EQ(load(face, "picket.toml").lease.client_port, 6433) << "without a gate nobody has that port";
  }
  // Peers' datagrams are another protocol's.
  EXPECT_EQ(load(gate + "client_port = 8009\n", "picket.toml").lease.port, 8009);
}

TEST(Config, NamesTheLineWhereTheTextIsNotToml) {
  EXPECT_THAT(refusal("level = \"guard\"\n[http\n"), StartsWith("picket.toml:2: "));
  EXPECT_THAT(refusal("level = guard\n"), StartsWith("picket.toml:1: "));
  EXPECT_THAT(refusal("level = \"guard\"\nlevel = \"guard\"\n"), StartsWith("picket.toml:2: "));
  EXPECT_THAT(refusal("[http]\n[http]\n"), StartsWith("picket.toml:2: "));
  EXPECT_THAT(refusal(std::string("\xff\xfe\0", 3)), StartsWith("picket.toml:1: "));
}

TEST(Config, NeverTakesHalfOfAFile) {
  for (const Key& key : known_keys()) {
    const std::string text = key.path + " = {}\n";
    EXPECT_THAT(refusal(text), StartsWith("picket.toml:1: " + key.path + ": must be")) << text;
  }
}

TEST(ConfigFile, ThatIsAbsentIsTheDefaults) {
  EXPECT_EQ(all_fields(load_file("/nonexistent/picket.toml")), all_fields(Config{}));
}

TEST(ConfigFile, ThatCannotBeReadIsAnErrorAndNotTheDefaults) {
  EXPECT_THROW(load_file("/proc/self"), ConfigError);
  EXPECT_THROW(load_file("/proc/self/mem"), ConfigError);
}

TEST(ConfigFile, IsNamedInTheError) {
  const std::string path = testing::TempDir() + "picket_config_test.toml";
  std::ofstream(path) << "[http]\nport = 0\n";
  try {
    load_file(path);
    FAIL() << "port 0 was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()), path + ":2: http.port: must be from 1 to 65535");
  }
  std::filesystem::remove(path);
}

TEST(Config, TakesTheVotersInTheOrderOfTheirIds) {
  const Config config = load("[lease]\nvoters = \"3=[fd00::3] 1=10.0.0.1, 2=db2.example:8010\"\n", "picket.toml");
  ASSERT_EQ(config.lease.voters.size(), 3U);
  EXPECT_EQ(config.lease.voters[0], (Config::Voter{1, "10.0.0.1", 8009}));
  EXPECT_EQ(config.lease.voters[1], (Config::Voter{2, "db2.example", 8010}));
  EXPECT_EQ(config.lease.voters[2], (Config::Voter{3, "fd00::3", 8009}));
}

TEST(Config, RefusesVotersThatAreNoListOfThreeToSevenNodes) {
  const std::string form =
      "picket.toml:2: lease.voters: must be node ids and addresses in quotes, such as \"1=10.0.0.1 2=10.0.0.2 "
      "3=db3.example:8009\", each id once";
  for (const char* wrong : {"1=a 2=b 2=c", "a b c", "0=a 1=b 2=c", "1=a:0 2=b 3=c", "1=a:x 2=b 3=c", "1=[::1 2=b 3=c",
                            "1= 2=b 3=c", "1=a: 2=b 3=c", "1=[a]:8009 2=b 3=c", "-1=a 2=b 3=c"})
    EXPECT_EQ(refusal("[lease]\nvoters = \"" + std::string(wrong) + "\"\n"), form) << wrong;
  EXPECT_EQ(refusal("[lease]\nvoters = \"1=a 2=b\"\n"),
            "picket.toml:2: lease.voters: must name 3 to 7 nodes: with fewer there is no majority without all of them");
}

std::string witness(const std::string& text, const std::string& lease = "") {
  return "role = \"witness\"\n" + text + "[lease]\nvoters = \"1=a 2=b 7=c\"\n" + lease;
}

TEST(ConfigOfAWitness, TakesWhatAVoterNeeds) {
  const Config config = load(witness("level = \"lease\"\nnode_id = 7\nrun_directory = \"/run/w\"\n[postgresql]\n"
                                     "[http]\nport = 9008\n[log]\nlevel = \"debug\"\n",
                                     "port = 8010\nduration = \"4s\"\nclient_gate = true\nclient_port = 9008\n"),
                             "picket.toml");
  EXPECT_EQ(config.role, HostRole::witness);
  EXPECT_EQ(config.node_id, 7);
  EXPECT_TRUE(config.lease.client_gate) << "voters have it alike, and here nothing is redirected";
}

TEST(ConfigOfAWitness, NamesTheLineOfWhatBelongsToPostgreSQL) {
  const std::string why = ": role is \"witness\", and a host without PostgreSQL has no such setting";
  const std::string voter = "level = \"lease\"\nnode_id = 7\n";
  EXPECT_EQ(refusal(witness(voter + "[postgresql]\nunit = \"postgresql.service\"\n")),
            "picket.toml:5: postgresql.unit" + why);
  for (const char* foreign :
       {"rejoin = \"auto\"\n", "[keepalived]\naddress = \"10.0.0.5\"\n", "[repmgr]\nconf = \"/etc/repmgr.conf\"\n",
        "[fence]\nwatchdog = \"/dev/watchdog\"\n", "[guard]\nfresh = \"2s\"\n", "[replica]\nmax_lag = \"1MB\"\n"})
    EXPECT_THAT(refusal(witness(voter + foreign)), HasSubstr(why)) << foreign;
}

TEST(ConfigOfAWitness, IsRefusedWhereItCouldNotVote) {
  EXPECT_EQ(refusal(witness("node_id = 7\n")),
            "picket.toml:1: role is \"witness\": a witness only votes, and that needs level = \"lease\"");
  EXPECT_EQ(refusal(witness("level = \"guard\"\nnode_id = 7\n")),
            "picket.toml:2: role is \"witness\": a witness only votes, and that needs level = \"lease\"");
  EXPECT_EQ(refusal(witness("level = \"lease\"\n")),
            "picket.toml:1: role is \"witness\": node_id must say which of lease.voters this host is");
  EXPECT_EQ(refusal(witness("level = \"lease\"\nnode_id = 3\n")),
            "picket.toml:5: role is \"witness\": lease.voters does not name node_id (3)");
  EXPECT_EQ(refusal("node_id = 1\n"),
            "picket.toml:1: node_id is for role = \"witness\": any other node has its own from repmgr.conf");
}

}  // namespace
}  // namespace picket
