#include "core/start_gate.hpp"

#include <algorithm>

#include "core/explain.hpp"

namespace picket {
namespace {

using Disk = GateSignals::Disk;
using Nodes = GateSignals::Nodes;
using Evidence = GateSignals::Evidence;
using Voices = GateSignals::Voices;

constexpr GateRuling allow(GateRow row) { return {row, Admission::allow}; }
constexpr GateRuling refuse(GateRow row, bool stale = false) { return {row, Admission::refuse, stale}; }

// A packet may be lost, and its second copy comes a second later (RFC 6298): who is silent gets that long.
constexpr Millis patience{2000};

Disk disk_of(const DiskFacts& disk) {
  if (disk.half_rewound) return Disk::half_rewound;  // good for nothing, not even for a standby
  if (disk.standby_signal) return Disk::standby;     // whatever else is wrong, a standby takes no writes
  if (!disk.known) return Disk::unreadable;
  return disk.backup_label || disk.recovery_signal ? Disk::restored : Disk::primary;
}

Nodes nodes_of(const Board& board, const ClusterView& view, const Policy& policy) {
  if (!board.nodes_known) return board.nodes_lost ? Nodes::lost : Nodes::never_read;
  if (witness_of(board) != IsWitness::no) return Nodes::witness;
  if (view.nodes == 1) return Nodes::alone;
  // With a third voter the other one may have been promoted while this one was down, whoever is silent.
  return view.nodes == 2 && policy.level != Level::lease ? Nodes::pair : Nodes::many;
}

bool answers(const ServerView& server, const Horizon& h, const Policy& policy) {
  const auto recent = [&](const Attempts& a) {
    return from_postgresql(a.answer) && a.answered_asked && *a.answered_asked >= h.valid_from &&
           h.now - *a.answered_asked <= policy.fresh;
  };
  return recent(server.session) || recent(server.fresh);
}

bool tells(const ServerView& server, const Horizon& h, const Policy& policy) {
  return is_fresh(server, h, policy) && server.facts->role != Role::unknown;
}

bool was_heard(const ServerView& server, const Horizon& h, const Policy& policy) {
  if (tells(server, h, policy)) return true;
  const Attempts& a = server.session;
  if (a.answer == Answer::none_yet || a.ended < h.valid_from) return false;
  return a.answer == Answer::refused || h.now - h.valid_from >= patience;
}

/// The registered standbys by their timeline. Whoever has a newer one than this disk got it from a server that was
/// promoted without us; that server and its standbys together are the side that left.
struct Sides {
  int newer = 0, ours = 1;
  std::string who;
  uint32_t timeline = 0;
};

Sides sides(const Board& board, const Horizon& h, const Policy& policy) {
  Sides found;
  const uint32_t own = disk_timeline(board.disk);
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy)) continue;
    const ServerFacts& facts = *peer.server.facts;
    // Whatever its row says: repmgr's witness has another system identifier.
    if (facts.role != Role::standby || facts.system_identifier != board.disk.system_identifier) continue;
    if (facts.timeline <= own) {
      ++found.ours;
      continue;
    }
    ++found.newer;
    found.who = peer.node.name;
    found.timeline = std::max(found.timeline, facts.timeline);
  }
  return found;
}

Evidence evidence_of(const ClusterView& view, const Sides& sides) {
  if (view.rival.rival >= Rival::proven) return Evidence::proof;
  const bool left = 1 + sides.newer >= view.majority && sides.ours < view.majority;
  if (sides.newer > 0) return left ? Evidence::proof : Evidence::challenge;
  // "Possible" without anybody means only that too few tell their role.
  const bool somebody = view.rival.peer || !view.rival.followers.empty();
  return view.rival.rival != Rival::none && somebody ? Evidence::challenge : Evidence::none;
}

std::string story_of_rival(const ClusterView& view, const Sides& sides) {
  if (view.rival.rival >= Rival::claimed || sides.newer == 0) return rival_story(view);
  return sides.who + " is a standby on timeline " + std::to_string(sides.timeline);
}

std::string story_of_voices(const Board& board, const Horizon& h, const Policy& policy) {
  std::string told;
  for (const Peer& peer : board.peers) {
    if (!tells(peer.server, h, policy)) continue;
    told += (told.empty() ? "" : ", ") + peer.node.name;
  }
  return "asked " + std::to_string(board.peers.size()) + " nodes for their role, " +
         (told.empty() ? "none answered" : "only " + told + " answered") + ", which is no majority";
}

std::string sentence_of(const GateRuling& ruling, const GateSignals& s, const Board& board, const ClusterView& view,
                        const Horizon& h, const Policy& policy) {
  const std::string nodes = std::to_string(view.nodes) + " nodes";
  if (s.disk == Disk::half_rewound)
    return std::string(
               "a pg_rewind began to change this data and did not end, so nothing may start on it: picket rejoin") +
           (ruling.row == GateRow::B1 ? " (" + marker_story(board) + ")" : "");
  switch (ruling.row) {
    case GateRow::B1: return marker_story(board);
    case GateRow::B2: return "standby.signal is there: it starts as a standby";
    case GateRow::B3:
      return "a majority of the " + nodes + " tells its role, none is a primary, and nobody is on a newer timeline";
    case GateRow::B4: {
      const std::string story = story_of_rival(view, sides(board, h, policy)) +
                                ", and this data directory is a primary's on timeline " +
                                std::to_string(disk_timeline(board.disk));
      return ruling.stale ? "stale primary: " + story : story + "; no majority says who is right";
    }
    case GateRow::B5: return story_of_voices(board, h, policy);
    case GateRow::B6:
      if (s.nodes == Nodes::lost)
        return "the list of nodes that was kept here cannot be used: " + board.nodes_why_unknown;
      return "picket has never seen repmgr.nodes on this node, so there is nobody to ask; it starts unguarded";
    case GateRow::B7:
      if (s.foreign) return "a majority of the " + nodes + " has another system identifier than this data directory";
      if (s.disk == Disk::unreadable) return "the data directory cannot be read: " + board.disk.why_unknown;
      return std::string(board.disk.backup_label ? "backup_label" : "recovery.signal") +
             " is there without standby.signal: this would start as a primary from a backup on a registered node";
    case GateRow::B8: break;
  }
  if (s.nodes == Nodes::witness)
    return "this node is the witness by its row of repmgr.nodes, and " +
           std::string(ruling.admission == Admission::wait ? "not every other node was heard yet"
                                                           : "no other node told that it has the same data");
  if (s.nodes == Nodes::alone) return "this is the only registered node";
  return "the other node does not answer; two nodes prove nothing, so this one starts";
}

}  // namespace

std::string_view word(GateRow row) {
  switch (row) {
    case GateRow::B1: return "B1";
    case GateRow::B2: return "B2";
    case GateRow::B3: return "B3";
    case GateRow::B4: return "B4";
    case GateRow::B5: return "B5";
    case GateRow::B6: return "B6";
    case GateRow::B7: return "B7";
    case GateRow::B8: break;
  }
  return "B8";
}

std::string_view word(Admission admission) {
  switch (admission) {
    case Admission::allow: return "allowed";
    case Admission::wait: return "waiting";
    case Admission::refuse: break;
  }
  return "refused";
}

// Read it from top to bottom: what is known at once, then what the others prove, then what they say.
GateRuling match_gate(const GateSignals& s) {
  const Admission later = s.expired ? Admission::refuse : Admission::wait;

  const bool fenced = s.marker == MarkerState::fenced || s.marker == MarkerState::unreadable;
  if (s.disk == Disk::half_rewound) return refuse(fenced ? GateRow::B1 : GateRow::B7);
  if (s.disk == Disk::standby) return allow(GateRow::B2);
  if (fenced) return refuse(GateRow::B1);
  if (s.disk == Disk::unreadable) return refuse(GateRow::B7);
  if (s.nodes == Nodes::lost) return refuse(GateRow::B6);
  const bool heard_out = s.all_heard || s.expired;
  // Its row may have been edited. Who has the same data tells so, if anybody does; repmgr's witness starts alone too.
  if (s.nodes == Nodes::witness) {
    if (!heard_out) return {GateRow::B8, Admission::wait};
    return s.marker == MarkerState::none ? allow(GateRow::B8) : GateRuling{GateRow::B1, later};
  }
  // A marker of isolation outlived its list of nodes: nobody can be asked whether it is over.
  if (s.nodes == Nodes::never_read) return s.marker == MarkerState::none ? allow(GateRow::B6) : refuse(GateRow::B1);
  if (s.disk == Disk::restored) return refuse(GateRow::B7);
  if (s.nodes == Nodes::alone) return s.marker == MarkerState::none ? allow(GateRow::B8) : refuse(GateRow::B1);

  if (s.foreign) return refuse(GateRow::B7);
  // A proof may be complete before its primary has answered for itself, and the sentence is to name it rightly.
  if (s.evidence == Evidence::proof)
    return heard_out ? refuse(GateRow::B4, true) : GateRuling{GateRow::B4, Admission::wait};
  // It may be followed by a majority a moment later, or be gone.
  if (s.evidence == Evidence::challenge) return {GateRow::B4, later};
  if (!heard_out) return {GateRow::B5, Admission::wait};
  if (s.voices != Voices::tell) {
    // The agent lifts a fence for isolation as soon as a majority shows that it is over: it is about to, or never will.
    if (s.marker == MarkerState::isolated) return {GateRow::B1, later};
    const bool lone = s.nodes == Nodes::pair && s.voices == Voices::silent;
    return lone ? allow(GateRow::B8) : GateRuling{GateRow::B5, later};
  }
  if (s.marker == MarkerState::isolated) return {GateRow::B1, later};
  return allow(GateRow::B3);
}

GateSignals gate_signals(const Board& board, const ClusterView& view, const Horizon& h, const Policy& policy,
                         bool expired) {
  GateSignals s;
  s.disk = disk_of(board.disk);
  s.marker = marker_state(board.marker);
  s.nodes = nodes_of(board, view, policy);
  s.evidence = evidence_of(view, sides(board, h, policy));
  s.foreign = view.foreign;
  s.expired = expired;
  const auto count = [&](auto&& what) {
    return 1 + static_cast<int>(
                   std::ranges::count_if(board.peers, [&](const Peer& p) { return what(p.server, h, policy); }));
  };
  s.voices = count(tells) >= view.majority                                                     ? Voices::tell
             : count([](auto&... a) { return tells(a...) || answers(a...); }) >= view.majority ? Voices::answer
                                                                                               : Voices::silent;
  s.all_heard = std::ranges::all_of(board.peers, [&](const Peer& p) { return was_heard(p.server, h, policy); });
  return s;
}

GateAnswer start_gate(const Board& board, const Horizon& h, const Policy& policy, bool expired) {
  const ClusterView view = view_cluster(board, h, policy);
  const GateSignals signals = gate_signals(board, view, h, policy, expired);
  const GateRuling ruling = match_gate(signals);
  return {ruling.row, ruling.admission, ruling.stale, sentence_of(ruling, signals, board, view, h, policy)};
}

}  // namespace picket
