// What `picket explain` prints.
#include <gmock/gmock.h>

#include "report/explain_text.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {
using testing::HasSubstr;
using testing::Not;

TEST(ExplainText, NamesTheMajorityOfTheNodesOrTheLease) {
  Snapshot s = scene::primary();
  Signals signals;
  signals.majority = Majority::suspect;
  EXPECT_THAT(explain_text(s, signals, {}), HasSubstr("  majority of the nodes has not answered for a moment\n"));
  s.board.lease.emplace();
  EXPECT_THAT(explain_text(s, signals, {}), HasSubstr("  lease                 valid, and not renewed for a moment\n"));
  EXPECT_THAT(explain_text(s, signals, {}), Not(HasSubstr("majority of the nodes")));
  signals.majority = Majority::lapsed;
  EXPECT_THAT(explain_text(s, signals, {}),
              HasSubstr("  lease                 ended, since it was not renewed in time\n"));
  signals.majority = Majority::asking;
  EXPECT_THAT(explain_text(s, signals, {}), HasSubstr("  lease                 not held\n"));
}

}  // namespace
}  // namespace picket
