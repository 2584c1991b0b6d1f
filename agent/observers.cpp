#include "observers.hpp"

#include <algorithm>
#include <regex>

#include "log.hpp"
#include "repmgr/conninfo_host.hpp"
#include "settings.hpp"

namespace picket {
namespace {

/// How often, and for how long at most, a server is asked that is being promoted.
constexpr Millis promotion_look{2}, promotion_followed{2000};

}  // namespace

std::string debian_unit_of(const std::string& data_directory) {
  static const std::regex layout("/var/lib/postgresql/([0-9.]+)/([^/]+)/?");
  std::smatch part;
  if (!std::regex_match(data_directory, part, layout)) return "";
  return "postgresql@" + part[1].str() + "-" + part[2].str() + ".service";
}

Observers::Observers(Loop& loop, Worker& disk, Worker& names, Bus& bus, const Config& config, const RepmgrConf& repmgr,
                     std::function<void()> changed)
    : loop_(loop),
      names_(names),
      bus_(bus),
      config_(config),
      repmgr_(repmgr),
      changed_(std::move(changed)),
      nodes_(disk, config.state_directory + "/nodes.json"),
      started_(boot_now()),
      promotion_timer_(loop,
                       [this] {
                         local_.look_now();
                         follow_promotion();
                       }),
      data_(loop, disk, guarded_directory(config, repmgr), [this] { data_changed(); }),
      local_(loop, names, local_options(), [this] { changed_(); }),
      address_(loop, config.keepalived.address, [this] { changed_(); }),
      keepalived_(loop, bus, config.keepalived.unit, [this] { changed_(); }) {
  self_.id = repmgr.node_id;
  self_.name = repmgr.node_name;
  if (const auto place = parse_conninfo_host(repmgr.conninfo); place.error.empty()) {
    self_.host = place.name();
    self_.port = place.port;
  }
  if (!config.keepalived.notify_fifo.empty())
    fifo_ = std::make_unique<NotifyFifo>(loop, config.keepalived.notify_fifo,
                                         [this](const NotifyEvent& event) { heard(event); });
  watch_unit();
  watch_peers();
}

ProbeOptions Observers::local_options() {
  ProbeOptions options = local_probe_options(config_, repmgr_);
  options.extra_query = nodes_query();
  options.extra_every = config_.repmgr.nodes_every;
  options.extra_rows = [this](const Rows& rows) { nodes_read(rows); };
  options.extra_failed = [this](const std::string& error) {
    nodes_error_ = error;
    changed_();
  };
  return options;
}

void Observers::nodes_read(const Rows& rows) {
  const std::string error = nodes_.take(rows);
  if (error != nodes_error_) {
    nodes_error_ = error;
    const bool known = !nodes_.nodes().empty();
    if (!error.empty()) log(Priority::warning, error + (known ? "; the last good list of nodes stays in force" : ""));
  }
  watch_peers();
  changed_();
}

void Observers::watch_peers() {
  std::vector<PeerProbe> now;
  for (const Node& node : nodes_.nodes()) {
    if (node.id == repmgr_.node_id) continue;
    auto old = std::ranges::find_if(peers_, [&](const PeerProbe& p) {
      return p.probe && p.node.id == node.id && p.node.conninfo == node.conninfo;
    });
    PeerProbe& peer = now.emplace_back();
    peer.node = node;
    if (old != peers_.end()) {
      peer.probe = std::move(old->probe);
      continue;
    }
    peer.probe = std::make_unique<Probe>(loop_, names_, peer_probe_options(config_, node), [this] { changed_(); });
  }
  peers_ = std::move(now);
}

// The unit is the configured one, else the one that runs the postmaster, else the one that would on Debian. A
// postmaster started by hand lives in somebody's session: that is never taken for its unit, for it must not be stopped.
void Observers::watch_unit() {
  auto watch = [this](const std::string& name) {
    if (name.empty() || name == unit_name_) return;
    unit_name_ = name;
    unit_ = std::make_unique<UnitWatch>(loop_, bus_, name, [this] { changed_(); });
  };
  if (!config_.postgresql.unit.empty()) return watch(config_.postgresql.unit);
  if (unit_name_.empty()) watch(debian_unit_of(guarded_directory(config_, repmgr_)));
  const int pid = data_.postmaster().pid;
  if (pid == 0 || pid == unit_asked_pid_) return;
  unit_asked_pid_ = pid;
  find_unit_of(bus_, lifetime_.watch(), pid, [watch](const std::string& name, const std::string&) {
    if (name.starts_with("postgresql") && name.ends_with(".service")) watch(name);
  });
}

// The files announce what the server will say a moment later: ask it at once.
void Observers::data_changed() {
  const auto& pm = data_.postmaster();
  const auto announced = std::tuple(pm.process, pm.pid, pm.status, data_.disk().standby_signal);
  if (announced != announced_) {
    announced_ = announced;
    watch_unit();
    local_.look_now();
  }
  follow_promotion();
  changed_();
}

// standby.signal goes some milliseconds before the server says that it is a primary, and nothing announces that moment:
// it is asked again and again until then, not only at the next poll.
void Observers::follow_promotion() {
  const auto& facts = local_.view().facts;
  const DiskFacts& disk = data_.disk();
  const bool announced = data_.postmaster().process == PostmasterFacts::Process::alive && disk.known &&
                         !disk.standby_signal && !disk.recovery_signal && facts && facts->role == Role::standby;
  if (!announced) return promotion_since_.reset();
  if (!promotion_since_) promotion_since_ = boot_now();
  // A look that is due is not put off: files change all the time just then.
  const bool goes_on = boot_now() - *promotion_since_ <= promotion_followed;
  if (goes_on && !promotion_timer_.armed()) promotion_timer_.start(promotion_look);
}

void Observers::heard(const NotifyEvent& event) {
  last_notify_ = event.text();
  changed_();
}

void Observers::look_now() {
  data_.look_now();
  local_.look_now();
  if (unit_) unit_->look_now();
}

void Observers::ask_peers() {
  for (const PeerProbe& peer : peers_) peer.probe->look_now();
}

Board Observers::board() const {
  Board board;
  board.self_id = self_.id;
  board.self_name = self_.name;
  board.self_host = self_.host;
  board.self_port = self_.port;
  board.nodes_known = !nodes_.nodes().empty();
  board.nodes_why_unknown = nodes_error_;
  board.nodes_lost = !nodes_.cache_error().empty();
  for (const Node& node : nodes_.nodes()) {
    if (node.id != repmgr_.node_id) continue;
    board.self_is_witness = node.type == Node::Type::witness;
    board.self_priority = node.priority;
  }
  board.server = local_.view();
  board.postmaster = data_.postmaster();
  board.disk = data_.disk();
  if (unit_) {
    board.unit = unit_->facts();
  } else {
    board.unit.why_unknown = "no unit is configured, and no postmaster runs in one";
  }
  board.address = address_.facts();
  const UnitFacts& keepalived = keepalived_.facts();
  using State = KeepalivedFacts::State;
  board.keepalived.state = !keepalived.known ? State::unknown
                           : keepalived.active_state == "active" || keepalived.active_state == "reloading"
                               ? State::alive
                               : State::dead;
  board.keepalived.why_unknown = keepalived.why_unknown;
  board.keepalived.last_notify = last_notify_;
  for (const PeerProbe& peer : peers_) board.peers.push_back({peer.node, peer.probe->view()});
  board.started = started_;
  return board;
}

std::vector<std::string> Observers::problems() const {
  std::vector<std::string> problems;
  if (fifo_ && !fifo_->problem().empty()) problems.push_back(fifo_->problem());
  if (!nodes_.save_error().empty())
    problems.push_back("the list of nodes is not kept for the start gate: " + nodes_.save_error());
  return problems;
}

}  // namespace picket
