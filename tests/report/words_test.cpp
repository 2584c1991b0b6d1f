#include "report/words.hpp"

#include <gtest/gtest.h>

namespace picket {
namespace {

TEST(LsnText, IsWhatPostgresqlPrints) {
  EXPECT_EQ(lsn_text(0), "0/0");
  EXPECT_EQ(lsn_text(0x3000060), "0/3000060");
  EXPECT_EQ(lsn_text(0x16'B374D848), "16/B374D848");
  EXPECT_EQ(lsn_text(~Lsn{0}), "FFFFFFFF/FFFFFFFF");
}

TEST(Words, NameWhatTheyStandFor) {
  EXPECT_EQ(word(Level::observe), "observe");
  EXPECT_EQ(word(Level::guard), "guard");
  EXPECT_EQ(word(Node::Type::witness), "witness");
  EXPECT_EQ(word(PostmasterFacts::Process::absent), "absent");
  EXPECT_EQ(word(AddressFacts::State::not_configured), "not configured");
  EXPECT_EQ(word(KeepalivedFacts::State::dead), "dead");
  EXPECT_EQ(word(MarkerFacts::State::malformed), "malformed");
}

}  // namespace
}  // namespace picket
