// The start gate's table, asked about every combination of its inputs.

#include "core/start_gate.hpp"

#include <gmock/gmock.h>

#include <set>

namespace picket {
namespace {
using Disk = GateSignals::Disk;
using Nodes = GateSignals::Nodes;
using Evidence = GateSignals::Evidence;
using Voices = GateSignals::Voices;

template <typename Visit>
void for_all(const Visit& visit) {
  GateSignals s;
  for (int disk = 0; disk < 5; ++disk)
    for (int marker = 0; marker < 4; ++marker)
      for (int nodes = 0; nodes < 6; ++nodes)
        for (int evidence = 0; evidence < 3; ++evidence)
          for (int voices = 0; voices < 3; ++voices)
            for (int bits = 0; bits < 8; ++bits) {
              s.disk = static_cast<Disk>(disk);
              s.marker = static_cast<MarkerState>(marker);
              s.nodes = static_cast<Nodes>(nodes);
              s.evidence = static_cast<Evidence>(evidence);
              s.voices = static_cast<Voices>(voices);
              s.foreign = (bits & 1) != 0;
              s.all_heard = (bits & 2) != 0;
              s.expired = (bits & 4) != 0;
              visit(s, match_gate(s));
            }
}

bool allows(const GateRuling& r) { return r.admission == Admission::allow; }
bool is_primary_like(const GateSignals& s) { return s.disk == Disk::primary || s.disk == Disk::restored; }
bool has_others(const GateSignals& s) { return s.nodes == Nodes::pair || s.nodes == Nodes::many; }

TEST(StartGate, LetsAStandbyPassAtOnceWhateverElseIsKnown) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk == Disk::standby) {
      EXPECT_TRUE(allows(r) && r.row == GateRow::B2);
    }
  });
}

TEST(StartGate, NeverLetsWhatABrokenRewindLeftPassAndRefusesItAtOnce) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk == Disk::half_rewound) {
      EXPECT_EQ(r.admission, Admission::refuse);
      EXPECT_EQ(r.row == GateRow::B1, s.marker == MarkerState::fenced || s.marker == MarkerState::unreadable)
          << "no leave for one start overrides a marker";
    }
  });
}

TEST(StartGate, NeverLetsAPrimaryPassThatIsFencedOrStaleOrForeign) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (!is_primary_like(s)) return;
    if (s.marker != MarkerState::none) {
      EXPECT_FALSE(allows(r));
    }
    if (has_others(s) && (s.evidence != Evidence::none || s.foreign)) {
      EXPECT_FALSE(allows(r));
    }
  });
}

TEST(StartGate, LetsAPrimaryOfThreePassOnlyWhenAMajorityTellsAndEverybodyWasHeard) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (!is_primary_like(s) || s.nodes != Nodes::many || !allows(r)) return;
    EXPECT_TRUE(r.row == GateRow::B3 && s.disk == Disk::primary && s.voices == Voices::tell);
    EXPECT_TRUE(s.all_heard || s.expired);
  });
}

TEST(StartGate, BelievesNoRowOfAWitnessBeforeEverybodyWasHeard) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.nodes != Nodes::witness || !is_primary_like(s) || s.all_heard || s.expired) return;
    EXPECT_FALSE(allows(r));
  });
}

TEST(StartGate, NeverLetsPassWhatCannotBeRead) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk == Disk::unreadable || (s.nodes == Nodes::lost && s.disk != Disk::standby)) {
      EXPECT_FALSE(allows(r));
    }
  });
}

TEST(StartGate, NeverLetsABackupBecomeAPrimaryOnARegisteredNode) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk == Disk::restored && (has_others(s) || s.nodes == Nodes::alone)) {
      EXPECT_FALSE(allows(r));
    }
  });
}

TEST(StartGate, LeavesAMarkerOnAProofAndOnNothingElse) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (r.stale) {
      EXPECT_TRUE(r.admission == Admission::refuse && r.row == GateRow::B4 && s.evidence == Evidence::proof);
    }
    if (r.admission == Admission::refuse && r.row == GateRow::B4 && s.evidence == Evidence::proof) {
      EXPECT_TRUE(r.stale);
    }
  });
}

TEST(StartGate, NeverWaitsOnceItsTimeIsUpAndNeverForWhatNoTimeCanChange) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (r.admission != Admission::wait) return;
    EXPECT_FALSE(s.expired);
    const bool may_change = s.disk == Disk::primary && has_others(s) && !s.foreign;
    EXPECT_TRUE(may_change || (s.nodes == Nodes::witness && is_primary_like(s)));
    if (s.nodes != Nodes::witness && s.evidence == Evidence::proof) {
      EXPECT_FALSE(s.all_heard);
    }
  });
}

TEST(StartGate, StartsWhereRefusingWouldOnlyBeAnOutage) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk != Disk::primary || s.marker != MarkerState::none) return;
    if (s.nodes == Nodes::never_read || s.nodes == Nodes::alone) {
      EXPECT_TRUE(allows(r));
    }
    if (s.nodes == Nodes::witness && (s.all_heard || s.expired)) {
      EXPECT_TRUE(allows(r)) << "repmgr's witness starts alone too";
    }
    const bool unchallenged = s.evidence == Evidence::none && !s.foreign && (s.all_heard || s.expired);
    if (s.nodes == Nodes::pair && s.voices == Voices::silent && unchallenged) {
      EXPECT_TRUE(allows(r));
    }
    if (has_others(s) && s.voices == Voices::tell && unchallenged) {
      EXPECT_TRUE(allows(r));
    }
  });
}

TEST(StartGate, HasNoRowThatCannotBeReached) {
  std::set<GateRow> rows;
  for_all([&](const GateSignals&, const GateRuling& r) { rows.insert(r.row); });
  EXPECT_EQ(rows.size(), 8U);
}

}  // namespace
}  // namespace picket
