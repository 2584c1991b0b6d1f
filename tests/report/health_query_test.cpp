#include "report/health_query.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// The sizes of Patroni's own documentation of parse_int, and what its users write.
TEST(LagBytes, AreReadAsPatroniReadsThem) {
  const std::vector<std::pair<std::string, std::optional<uint64_t>>> rows{
      {"0", 0},
      {"1", 1},
      {"1048576", 1048576},
      {"1B", 1},
      {"1kB", 1024},
      {"16MB", 16 << 20},
      {" 0x400 MB ", uint64_t{0x400} << 20},
      {"010", 8},
      {"4097.4B", 4097},
      {"1.5GB", uint64_t{3} << 29},
      {"1e3", 1000},
      {"1TB", uint64_t{1} << 40},
      {"1MiB", std::nullopt},
      {"1mb", std::nullopt},
      {"1M", std::nullopt},
      {"MB", std::nullopt},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"nan", std::nullopt},
      {"99999999999999999999TB", std::numeric_limits<uint64_t>::max()},
  };
  for (const auto& [text, bytes] : rows) EXPECT_EQ(parse_lag_bytes(text), bytes) << '"' << text << '"';
}

TEST(HealthQuery, TakesEachParameter) {
  const HealthQuery q = parse_health_query(
      "lag=1MB&replication_state=in+archive%20recovery&tag_zone=a%26b&mode=write&drain=404&fallback=primary&other=1");
  EXPECT_EQ(q.lag, 1U << 20);
  EXPECT_EQ(q.replication_state, "in archive recovery");
  EXPECT_THAT(q.tags, testing::ElementsAre(std::pair{"zone", "a&b"}));
  EXPECT_TRUE(q.received && q.drain && q.fallback);
  EXPECT_FALSE(q.lag_garbled);
}

TEST(HealthQuery, TakesALagInTime) {
  EXPECT_EQ(parse_health_query("lag=5s").lag_time, 5s);
  EXPECT_EQ(parse_health_query("lag=250ms").lag_time, 250ms);
  EXPECT_EQ(parse_health_query("lag=5s").lag, std::nullopt);
}

TEST(HealthQuery, KnowsALagThatItCannotRead) {
  EXPECT_TRUE(parse_health_query("lag=much").lag_garbled);
  EXPECT_FALSE(parse_health_query("lag=").lag_garbled);  // Python's parse_qs leaves it out
}

TEST(HealthQuery, CountsTheFirstOfTwo) {
  EXPECT_EQ(parse_health_query("lag=1&lag=2").lag, 1U);
  EXPECT_TRUE(parse_health_query("lag=x&lag=2").lag_garbled);
}

TEST(HealthQuery, BearsWhateverComes) {
  for (const char* odd : {"&", "&&=", "=", "lag", "%", "%4", "lag=%zz", "tag_", "tag_=", "tag_=x", "a=b=c", "?lag=1"})
    EXPECT_NO_THROW(parse_health_query(odd)) << odd;
}

}  // namespace
}  // namespace picket
