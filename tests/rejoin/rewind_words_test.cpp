#include "rejoin/rewind_words.hpp"

#include <gtest/gtest.h>

namespace picket {
namespace {

RewindWords after(std::initializer_list<const char*> lines) {
  RewindWords words;
  for (const char* line : lines) words.hear(line);
  return words;
}

constexpr const char* diverged = "pg_rewind: servers diverged at WAL location 0/824370 on timeline 1";
constexpr const char* rewinding = "pg_rewind: rewinding from last common checkpoint at 0/8242F8 on timeline 1";

TEST(RewindWords, TouchesNothingBeforeItHasSaidFromWhere) {
  EXPECT_FALSE(after({}).half_way(false));
  EXPECT_FALSE(after({"NOTICE: executing pg_rewind", diverged, "pg_rewind: error: could not connect"}).half_way(false));
}

TEST(RewindWords, IsHalfWayFromThenUntilItsLastWord) {
  EXPECT_TRUE(after({diverged, rewinding}).half_way(false));
  EXPECT_TRUE(after({diverged, rewinding, "pg_rewind: syncing target data directory"}).half_way(false));
  EXPECT_FALSE(after({diverged, rewinding, "pg_rewind: Done!"}).half_way(false));
}

TEST(RewindWords, OfOneThatWasKilledOnlyTheEndIsBelieved) {
  EXPECT_TRUE(after({}).half_way(true));
  EXPECT_TRUE(after({diverged}).half_way(true));
  EXPECT_FALSE(after({diverged, rewinding, "pg_rewind: Done!"}).half_way(true));
  EXPECT_FALSE(after({"pg_rewind: no rewind required"}).half_way(true));
}

TEST(RewindWords, TellWhenTheyChange) {
  RewindWords words;
  EXPECT_FALSE(words.hear(diverged));
  EXPECT_TRUE(words.hear(rewinding));
  EXPECT_FALSE(words.hear("pg_rewind: creating backup label and updating control file"));
  EXPECT_TRUE(words.hear("pg_rewind: Done!"));
}

TEST(WouldRewind, IsRepmgrsWordInADryRun) {
  EXPECT_TRUE(would_rewind("NOTICE: pg_rewind execution required\nINFO: pg_rewind would now be executed\n"));
  EXPECT_FALSE(would_rewind("INFO: prerequisites for executing NODE REJOIN are met\n"));
}

}  // namespace
}  // namespace picket
