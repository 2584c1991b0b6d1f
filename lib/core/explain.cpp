#include "core/explain.hpp"

#include <algorithm>

#include "core/words.hpp"

namespace picket {
namespace {

// How the sentence of every stop ends; on the marker it is history.
constexpr std::string_view being_stopped = "; it is being stopped";

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

std::string seconds(Millis duration) {
  const auto ms = duration.count();
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) {
    std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    while (fraction.back() == '0') fraction.pop_back();
    text += "." + fraction;
  }
  return text + " s";
}

std::string rival_name(const ClusterView& view) {
  return view.rival.peer ? view.rival.peer->node.name : "an unknown node";
}

}  // namespace

std::string rival_story(const ClusterView& view) {
  const std::string timeline = " on timeline " + std::to_string(view.rival.timeline);
  if (view.rival.by_lease)
    return rival_name(view) + " holds a newer lease" + (view.rival.seen ? " and is primary" + timeline : "");
  const std::string followers = list(view.rival.followers);
  if (!view.rival.seen)
    return followers + (view.rival.followers.size() > 1 ? " follow " : " follows ") + rival_name(view) +
           ", which does not answer," + timeline;
  std::string text = rival_name(view) + " is primary" + timeline;
  if (!followers.empty()) text += " and is followed by " + followers;
  return text;
}

namespace {

std::string own_timeline(const Board& board) {
  return board.server.facts ? "timeline " + std::to_string(board.server.facts->timeline) : "an unknown timeline";
}

}  // namespace

std::string marker_story(const Board& board) {
  switch (board.marker.state) {
    case MarkerFacts::State::malformed:
      return "the fence marker cannot be read, which counts as fenced: " + board.marker.why;
    case MarkerFacts::State::unknown: return "the fence marker has not been read: " + board.marker.why;
    default: break;
  }
  std::string_view why = board.marker.sentence;
  if (why.ends_with(being_stopped)) why.remove_suffix(being_stopped.size());
  return "fenced (" + list(board.marker.reasons) + "): " + std::string(why);
}

namespace {

std::string why_unconfirmed(const Signals& s, const ClusterView& view, const Board& board) {
  if (s.witness == IsWitness::unproved)
    return "repmgr.nodes says that this node is the witness, and no other node has told whether it has the same data";
  if (board.lease && s.majority != Majority::fresh && s.rival < Rival::claimed) {
    const std::string voters = std::to_string(board.lease->voters) + " voters ";
    return "it does not hold the lease: no majority of the " + voters + "has granted it";
  }
  if (!board.nodes_known)
    return "repmgr.nodes has not been read" + (board.nodes_why_unknown.empty() ? "" : ": " + board.nodes_why_unknown);
  const std::string nobody = "no majority of the " + std::to_string(view.nodes) + " nodes ";
  if (s.majority == Majority::suspect) return nobody + "has answered yet";
  if (s.majority == Majority::lost) return nobody + "answers";
  if (view.rival.by_lease) return rival_story(view);
  if (s.rival == Rival::claimed) return rival_story(view) + ", and neither side has a majority of followers";
  if (view.rival.other_data) return rival_name(view) + " is a primary with another system identifier";
  if (s.rival == Rival::possible && !view.rival.followers.empty()) return rival_story(view);
  if (s.rival == Rival::possible) return "a majority answers, but too few of them say whether they are primary";
  return "the agent has just begun to look";
}

std::string last_words(const Attempts& attempts) {
  std::string text{word(attempts.answer)};
  if (!attempts.detail.empty()) text += " (" + attempts.detail + ")";
  return text;
}

std::string witness_story(const Board& board) {
  const std::string none = "holds no data of the cluster";
  if (!board.lease) return "witness of repmgr's: its server " + none;
  std::string text = "witness, one of " + std::to_string(board.lease->voters) + " voters: it " + none;
  if (board.lease->won_by == 0) return text + "; it has heard of no holder of the lease";
  const auto holder =
      std::ranges::find_if(board.peers, [&](const Peer& p) { return p.node.id == board.lease->won_by; });
  return text + "; the newest holder of the lease is " +
         (holder == board.peers.end() ? "node " + std::to_string(board.lease->won_by) : holder->node.name);
}

}  // namespace

std::string sentence_for(const Ruling& row, const Signals& s, const ClusterView& view, const Board& board,
                         const Policy& policy, const Unreached& others) {
  const std::string nodes = std::to_string(view.nodes);
  switch (row.rule) {
    case Rule::W: return witness_story(board);
    case Rule::R0:
      return "foreign data: a majority of the nodes has another system identifier than this data directory";
    case Rule::R0b:
      return "the agent did not run for more than " + seconds(policy.loop_gap) +
             "; everything it knew is void and is asked again";
    case Rule::R2: return "PostgreSQL runs as a primary on a fenced node and is being stopped; " + marker_story(board);
    case Rule::R2h: return marker_story(board);
    case Rule::B3:
      if (s.marker == MarkerState::none)
        return "the start that was refused may go on: a majority of the " + nodes +
               " nodes tells its role, and none is a primary; PostgreSQL is started";
      if (stepped_down(board.marker))
        return "nobody has taken over from this primary: a majority of the " + nodes +
               " nodes answers, all in recovery on our timeline; PostgreSQL is started again";
      return "the isolation is over: a majority of the " + nodes +
             " nodes answers, all in recovery on our timeline; PostgreSQL is started again";
    case Rule::R3:
    case Rule::R3c: {
      const std::string proof = view.rival.by_lease ? "" : ", a majority of the " + nodes + " nodes";
      std::string text =
          "stale primary: " + rival_story(view) + proof + ", while this server is a primary on " + own_timeline(board);
      return text + std::string(row.rule == Rule::R3 ? being_stopped : "; asking once more before it is stopped");
    }
    case Rule::R9: return "the postmaster is dead and processes of it live on; they are being killed";
    case Rule::R10c: return "the primary's postmaster has crashed; PostgreSQL is started again in place";
    case Rule::R10:
      return s.postmaster == Postmaster::stopping ? "PostgreSQL is shutting down" : "PostgreSQL is not running";
    case Rule::R8: return "PostgreSQL is starting up";
    case Rule::R4:
      if (board.lease)
        return "isolated primary: its lease has ended, no majority of the " + std::to_string(board.lease->voters) +
               " voters has renewed it, so another may have been promoted" + std::string(being_stopped);
      return "isolated primary: no majority of the " + nodes + " nodes has answered for " +
             seconds(policy.isolation_timeout) + ", so another may have been promoted" + std::string(being_stopped);
    case Rule::R4b: return "the other node does not answer; two nodes prove nothing, so this primary goes on";
    case Rule::R7:
      return "hung primary: new connections have gone unanswered for " + seconds(policy.hang_stop) +
             std::string(being_stopped);
    case Rule::R7a:
      return row.advert == Advert::down ? "new connections to PostgreSQL go unanswered; the node is withdrawn"
                                        : "a new connection to PostgreSQL went unanswered";
    case Rule::R11:
      return "unreachable primary: " + list(others.by) + ", a majority of the " + std::to_string(board.lease->voters) +
             " voters, have not reached PostgreSQL here for " + seconds(policy.unreachable_stop) +
             ", while their agents hear this one, and " + others.heir + " could take over" + std::string(being_stopped);
    case Rule::R14:
      return "the role cannot be read just now (" + std::string(word(board.server.session.answer)) +
             "); the same postmaster was " + std::string(word(s.role)) + " a moment ago";
    case Rule::R5:
      if (board.lease)
        return "primary on " + own_timeline(board) + "; its lease is valid, and has not been renewed for a moment";
      return "primary on " + own_timeline(board) + "; a majority of the nodes has not answered for a moment";
    case Rule::R1:
      if (board.lease)
        return "primary on " + own_timeline(board) + ", holds the lease of " + std::to_string(board.lease->voters) +
               " voters";
      return "primary on " + own_timeline(board) + ", confirmed by a majority of the " + nodes + " nodes";
    case Rule::R6:
      return "a primary by its own account on " + own_timeline(board) +
             ", not confirmed: " + why_unconfirmed(s, view, board);
    case Rule::R12: return "standby of " + view.upstream->node.name + " on " + own_timeline(board);
    case Rule::R13:
      if (view.upstream) return "standby of " + view.upstream->node.name + ", further behind than allowed for reads";
      return "standby on " + own_timeline(board) + " that streams from no known primary";
    case Rule::R16: break;
  }
  if (board.postmaster.process == PostmasterFacts::Process::unknown && !board.postmaster.why_unknown.empty())
    return "the state of PostgreSQL is unknown: " + board.postmaster.why_unknown;
  if (s.postmaster == Postmaster::hung) return "new connections to PostgreSQL go unanswered";
  return "the role of PostgreSQL is unknown: " + last_words(board.server.session);
}

std::vector<std::string> alarms_for(const Ruling& row, const Signals& s, const ClusterView& view, const Board& board,
                                    bool settled, const Unreached& others) {
  std::vector<std::string> alarms;
  const bool serves = row.advert == Advert::primary;
  if (serves && (s.rival == Rival::claimed))
    alarms.push_back(rival_story(view) + ": a second primary without a majority");
  if (serves && view.nodes < 3)
    alarms.push_back("fewer than three nodes are registered: after a partition both could be primary");
  if (row.rule == Rule::R6 && s.rival == Rival::claimed && view.rival.by_lease)
    alarms.push_back(rival_story(view) +
                     " and does not answer: this one is not advertised, since the other may have been promoted");
  else if (row.rule == Rule::R6 && s.rival == Rival::claimed)
    alarms.push_back(
        "two primaries and no majority of followers behind either: this one is not advertised; decide which data to "
        "keep");
  if (others.by_majority && row.rule != Rule::R11)
    alarms.push_back(list(others.by) + " do not reach PostgreSQL here, while their agents hear this one" +
                     (others.heir.empty() ? "; no standby that they reach is known to have every commit" : ""));
  if (view.missing)
    alarms.push_back(
        "there is no primary: start PostgreSQL on " + view.missing->node.name +
        ", which was the last one by repmgr.nodes; if it is lost for good, run `repmgr standby promote` on "
        "the standby that is furthest ahead");
  if (board.keepalived.state == KeepalivedFacts::State::dead && board.address.state == AddressFacts::State::present)
    alarms.push_back("the address " + board.address.address + " is here and keepalived is not running");
  const bool has_server = row.rule != Rule::W || board.nodes_known;
  if (settled && has_server && !board.unit.known && !board.unit.why_unknown.empty())
    alarms.push_back("the unit of PostgreSQL cannot be seen: " + board.unit.why_unknown);
  if (has_server && !board.nodes_why_unknown.empty()) alarms.push_back("repmgr.nodes: " + board.nodes_why_unknown);
  if ((row.rule == Rule::R12 || row.rule == Rule::R13) && s.marker != MarkerState::none)
    alarms.push_back("this standby may not become the primary: " + marker_story(board));
  if (board.start_refused && s.postmaster == Postmaster::absent)
    alarms.push_back("start refused (" + board.start_refused->row + "): " + board.start_refused->sentence);
  if (board.marker.state == MarkerFacts::State::fenced && !board.marker.why.empty()) alarms.push_back(board.marker.why);
  return alarms;
}

}  // namespace picket
