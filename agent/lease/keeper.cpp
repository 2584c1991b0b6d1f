#include "lease/keeper.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "core/unreached.hpp"
#include "core/words.hpp"
#include "lease/held_note.hpp"
#include "lease/promise_file.hpp"
#include "log.hpp"
#include "timing.hpp"

namespace picket {
namespace {

// Whoever asks for a promotion repeats it several times a second; when he has gone, nobody wants it any more.
constexpr Millis campaign_lasts{2000};

// What a peer that is silent for longer was configured like is no news.
constexpr Millis words_last{10'000};

/// What all voters must have alike, or their promises do not fit together.
std::string agreed(const Config& config) {
  std::string text = "voters";
  for (const auto& voter : config.lease.voters) text += " " + std::to_string(voter.id);
  for (const Millis time :
       {config.lease.heartbeat, config.lease.duration, config.lease.drift, config.lease.fence_within})
    text += " " + std::to_string(time.count());
  if (config.lease.client_gate) text += " gate";
  return text;
}

LeaseSetup setup_of(const Config& config, int self) {
  const auto& lease = config.lease;
  LeaseSetup setup;
  setup.self = self;
  for (const auto& voter : lease.voters) setup.voters.push_back(voter.id);
  // Behind a client gate nobody hears of a server that is not dead yet.
  const Millis fence_within = lease.client_gate ? Millis{0} : lease.fence_within;
  setup.timing = {lease.heartbeat, lease.duration, lease.duration + lease.drift + fence_within};
  // The run before may have acknowledged a holder that had no gate yet.
  setup.timing.more = lease.fence_within - fence_within;
  return setup;
}

LinkOptions link_options(const Config& config, int self) {
  LinkOptions options;
  options.address = config.lease.listen;
  options.port = config.lease.port;
  options.self = self;
  options.key = read_key_file(config.lease.key);
  options.fingerprint = fingerprint(agreed(config));
  for (const auto& voter : config.lease.voters)
    if (voter.id != self) options.peers.push_back({voter.id, voter.host, voter.port});
  return options;
}

std::string words_of(Denial why, int from) {
  const std::string voter = "node " + std::to_string(from);
  switch (why) {
    case Denial::bound: return voter + " is still bound to another holder";
    case Denial::older_term: return voter + " has promised a newer term to another";
    case Denial::behind: return voter + " has more of the write-ahead log than this standby";
    case Denial::none: break;
  }
  return voter + " does not grant";
}

}  // namespace

std::string promise_path(const Config& config) { return config.state_directory + "/promise"; }

LeaseTiming timing_of(const Config& config) { return setup_of(config, 0).timing; }

LeaseKeeper::LeaseKeeper(Loop& loop, Worker& names, const Config& config, int self, std::function<void()> changed)
    : setup_(setup_of(config, self)),
      note_path_(config.run_directory + "/lease"),
      promote_within_(config.policy.promote_within),
      changed_(std::move(changed)),
      each_(loop, [this] { tick(); }),
      end_(loop, [this] { tick(); }) {
  const PromiseReading kept = read_promise(promise_path(config));
  if (!kept.error.empty())
    throw CannotVote(kept.error +
                     "; nobody knows what this node has promised: remove the file only when no other node "
                     "can be a primary by this node's vote");
  const Instant now = boot_now();
  noted_ = read_held_note(note_path_, now, setup_.timing.lease);
  const bool goes_on = noted_ && noted_->until != Instant{};
  lease_ = lease_after_start(setup_, kept.promise, now, goes_on ? noted_->term : 0);
  if (goes_on && lease_.term != 0) inherited_until_ = noted_->until;
  LinkOptions options;
  try {
    options = link_options(config, self);
  } catch (const std::runtime_error& error) {
    throw CannotVote(error.what());
  }
  link_ = std::make_unique<PeerLink>(loop, names, std::move(options), [this](const Heard& h) { heard(h); });
  outbox_ = std::make_unique<Outbox>(loop, promise_path(config), kept.promise, self, [this](const Envelope& e) {
    link_->send(e.to, {{}, {e.message}});
  });
  each_.every(setup_.timing.heartbeat / 2);
}

LeaseKeeper::~LeaseKeeper() = default;

LeaseFacts LeaseKeeper::facts() const {
  LeaseFacts facts;
  facts.voters = static_cast<int>(setup_.voters.size());
  facts.majority = setup_.majority();
  facts.term = lease_.term;
  facts.had = noted_.has_value();
  facts.valid_until = end_of_lease();
  facts.confirmed = facts.valid_until == Lease::never ? Lease::never : facts.valid_until - setup_.timing.lease;
  if (lease_.won_term > forgotten_) {
    facts.won_term = lease_.won_term;
    facts.won_by = lease_.won_by;
  }
  if (const auto word = words_.find(lease_.won_by); word != words_.end() && word->second.report.role == Role::primary)
    facts.winner_promoted = word->second.at;
  facts.heartbeat = setup_.timing.heartbeat;
  facts.bound = is_bound_to_another();
  facts.campaigning = boot_now() < campaign_until_;
  for (const auto& [voter, word] : words_) {
    const PeerReport& said = word.report;
    facts.words.push_back({voter, word.at, said.role, said.timeline, said.lsn, said.system_identifier, said.fenced,
                           said.maintenance, said.unreachable});
  }
  return facts;
}

// What an earlier run of this boot was granted is this node's still, for as long as nothing has replaced it.
Instant LeaseKeeper::end_of_lease() const {
  const Instant until = valid_until(lease_, setup_);
  return lease_.term == 0 ? until : std::max(until, inherited_until_);
}

// Before anything is sent: a lease that has been dropped must not be found by the next run.
void LeaseKeeper::note_lease() {
  const Instant until = end_of_lease();
  if (until == Lease::never && !noted_) return;
  const HeldNote note{until == Lease::never ? noted_->term : lease_.term, until == Lease::never ? Instant{} : until};
  if (noted_ == note) return;
  noted_ = note;
  note_error_ = write_held_note(note_path_, note);
}

void LeaseKeeper::decided(const Snapshot& snapshot) {
  const Board& board = snapshot.board;
  input_.wish = snapshot.verdict.lease;
  // The voters would be free at once, and another's gate open beside this one.
  const bool gate_may_be_open = snapshot.client_gate && snapshot.client_gate->may_be_open;
  if (input_.wish == Wish::give_back && gate_may_be_open) input_.wish = Wish::idle;
  // A witness's server says nothing about the cluster.
  const bool seen = snapshot.verdict.rule != Rule::W && board.server.facts &&
                    snapshot.decided - board.server.facts_asked <= snapshot.fresh;
  const ServerFacts facts = seen ? *board.server.facts : ServerFacts{};
  input_.behind.reset();
  if (seen) input_.position = {facts.timeline, facts.lsn};
  // repmgr passes over a standby of priority 0 however much it has: it would not be promoted instead.
  if (facts.role == Role::standby && snapshot.board.self_priority > 0) input_.behind = input_.position;
  // The log of a primary has no end yet: its standbys, asked a moment later, may well show more of it.
  if (facts.role == Role::primary) input_.position.lsn = std::numeric_limits<Lsn>::max();
  report_.maintenance = snapshot.maintenance.has_value();
  report_.rule = snapshot.verdict.rule;
  report_.advert = snapshot.verdict.advert;
  report_.role = facts.role;
  report_.timeline = facts.timeline;
  report_.lsn = facts.lsn;
  report_.system_identifier = facts.system_identifier;
  report_.unreachable = unreachable_nodes(board, snapshot.decided, snapshot.fresh);
  if (report_.unreachable.size() > most_unreachable) report_.unreachable.resize(most_unreachable);
  report_.fenced = board.marker.state == MarkerFacts::State::fenced;
  tick();
  // No primary is here: whatever lease it had is over with it.
  if (input_.wish == Wish::give_back && noted_) {
    inherited_until_ = Lease::never;
    noted_.reset();
    unlink(note_path_.c_str());
  }
}

void LeaseKeeper::tick() {
  take(on_tick(lease_, setup_, boot_now(), input_));
  tell_report();
}

void LeaseKeeper::heard(const Heard& heard) {
  if (heard.datagram.report) words_[heard.peer] = {*heard.datagram.report, heard.at};
  for (const LeaseMessage& message : heard.datagram.lease) {
    if (message.kind == LeaseMessage::Kind::denial) note_denial(heard.peer, message);
    if (message.kind == LeaseMessage::Kind::grant) denials_.erase(heard.peer);
    take(on_message(lease_, setup_, heard.peer, message, boot_now(), input_));
  }
}

void LeaseKeeper::take(LeaseStep step) {
  lease_ = std::move(step.lease);
  if (lease_.candidacy && lease_.candidacy->term != asked_) {
    asked_ = lease_.candidacy->term;
    denials_.clear();
  }
  note_lease();
  outbox_->put(lease_.promise, step.persist, std::move(step.send));
  watch_the_end();
}

// The end of the lease is looked at when it comes, not at the next poll; so is its beginning.
void LeaseKeeper::watch_the_end() {
  const Instant now = boot_now();
  const Instant until = end_of_lease();
  const bool valid = now < until;
  if (valid) end_.start(until - now);
  if (valid == was_valid_) return;
  was_valid_ = valid;
  if (valid) denials_.clear();
  changed_();
}

void LeaseKeeper::tell_report() {
  const Instant now = boot_now();
  if (now < next_report_) return;
  next_report_ = now + setup_.timing.heartbeat;
  for (const int voter : setup_.voters)
    if (voter != setup_.self) link_->send(voter, {report_, {}});
}

ControlReply LeaseKeeper::ask_for_promotion(const Snapshot& snapshot, bool carried_out) {
  const Board& board = snapshot.board;
  if (board.marker.state != MarkerFacts::State::none)
    return {2, "this node is fenced: " + board.marker.sentence + "\n"};
  const Instant now = boot_now();
  const Role role = snapshot.verdict.role;
  const bool valid = now < end_of_lease();
  if (role == Role::primary) {
    if (valid) return {0, "this server is the primary already, and holds the lease\n"};
    return {2, "this server is a primary already, without the lease\n"};
  }
  if (role != Role::standby) return {1, "PostgreSQL here cannot be asked whether it is a standby\n"};
  if (now >= campaign_until_)
    log(Priority::notice, "a promotion of this standby is asked for: asking the voters for the lease");
  campaign_until_ = std::max(campaign_until_, now + (carried_out && valid ? promote_within_ : campaign_lasts));
  changed_();
  if (valid) return {0, "this node holds the lease (term " + std::to_string(lease_.term) + ")\n"};
  return {1, why_not() + "\n"};
}

void LeaseKeeper::note_denial(int voter, const LeaseMessage& denial) {
  const auto before = denials_.find(voter);
  const bool news = before == denials_.end() || before->second != denial.why;
  denials_[voter] = denial.why;
  if (!news || denial.why != Denial::behind) return;
  const auto text = [](const Position& p) { return std::to_string(p.timeline) + " " + lsn_text(p.lsn); };
  log(Priority::notice, "node " + std::to_string(voter) + " has the write-ahead log up to timeline " +
                            text(denial.position) + ", this node to timeline " + text(input_.position));
}

std::string LeaseKeeper::why_not() const {
  std::string text = "the lease is not granted";
  if (!lease_.candidacy && is_bound_to_another())
    return text + ": this node is itself still bound to another holder, or has just started, and does not ask yet";
  for (const auto& [voter, why] : denials_) text += (text.ends_with("granted") ? ": " : ", ") + words_of(why, voter);
  return text;
}

std::vector<AgentLink> LeaseKeeper::links() const {
  std::vector<AgentLink> links;
  for (const PeerTraffic& peer : link_->status().peers) {
    AgentLink link{peer.id, peer.heard, {}, {}};
    if (const auto it = words_.find(peer.id); it != words_.end())
      link.says = std::string(word(it->second.report.rule)) + " " + std::string(word(it->second.report.advert));
    for (size_t i = 0; i < drop_kinds; ++i)
      if (const uint64_t count = peer.drops.by_reason[i].count; count > 0)
        link.dropped.emplace_back(word(static_cast<Drop>(i)), count);
    links.push_back(std::move(link));
  }
  return links;
}

std::vector<std::string> LeaseKeeper::problems() const {
  std::vector<std::string> problems = complaints(link_->status(), boot_now(), Millis{10'000});
  if (input_.wish == Wish::hold && !was_valid_ && !denials_.empty()) problems.push_back(why_not());
  for (const auto& [peer, word] : words_) {
    if (boot_now() - word.at > words_last) continue;
    std::string wrong =
        wrong_with_peer("node " + std::to_string(peer), word.report.failover, report_.failover, setup_.timing);
    if (!wrong.empty()) problems.push_back(std::move(wrong));
  }
  if (!note_error_.empty()) problems.push_back("a restart of the agent will ask for the lease anew: " + note_error_);
  if (!outbox_->error().empty())
    problems.push_back("the promise cannot be written, so this node grants nothing: " + outbox_->error());
  return problems;
}

}  // namespace picket
