#include "rejoin/look.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/following.hpp"
#include "core/signals.hpp"
#include "inquiry.hpp"
#include "loop/read_file.hpp"
#include "observers.hpp"
#include "postgres/pg_control.hpp"
#include "postgres/processes.hpp"
#include "rejoin/cut_clone.hpp"
#include "rejoin/orphans.hpp"
#include "rejoin/primary.hpp"
#include "settings.hpp"

namespace picket {
namespace {
namespace fs = std::filesystem;

// A majority that is there answers in a fraction of this.
constexpr Millis look_within{5000};
constexpr uint64_t spare = 64 << 20;

/// Everybody asked, until all were heard and a primary is proven (or the operator has named it).
class Question : public Inquiry {
 public:
  Question(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory, bool named);
  ClusterView view() const { return view_cluster(board(), horizon(), policy_); }
  const Peer* named(const std::string& name) const;

 private:
  bool satisfied(bool named) const;
  const Policy& policy_;
};

Question::Question(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory, bool named)
    : Inquiry(config, repmgr, data_directory), policy_(config.policy) {
  ask([&] { return satisfied(named); }, look_within, true);
}

bool Question::satisfied(bool named) const {
  const ClusterView view = this->view();
  const bool all =
      std::ranges::none_of(board().peers, [](const Peer& p) { return p.server.session.answer == Answer::none_yet; });
  return all && board().server.session.answer != Answer::none_yet &&
         (named || view.upstream || view.rival.rival == Rival::proven);
}

const Peer* Question::named(const std::string& name) const {
  for (const Peer& peer : board().peers)
    if (peer.node.name == name || std::to_string(peer.node.id) == name) return &peer;
  return nullptr;
}

bool is_primary(const Peer& peer, const Question& question, const Policy& policy) {
  return is_fresh(peer.server, question.horizon(), policy) && peer.server.facts->role == Role::primary &&
         !is_witness(peer, question.board().disk.system_identifier);
}

/// Who it is: whom a majority follows, else the one that the operator named, else whoever claims to be it on the newest
/// timeline, uncertified.
const Peer* find_primary(const Question& question, const Policy& policy, const std::string& named, PrimaryData& into) {
  const Peer* best = nullptr;
  const ClusterView view = question.view();
  if (!named.empty()) {
    best = question.named(named);
    into.why_not_seen = best ? named + " does not answer as a primary" : "no registered node is called " + named;
    if (!best || !is_primary(*best, question, policy)) return nullptr;
    into.certified = true;
  } else if (view.rival.rival == Rival::proven && view.rival.peer) {
    best = view.rival.peer;
    into.certified = view.rival.seen;
    into.why_not_seen = best->node.name + " is followed by a majority as the primary, and does not answer here";
    if (!view.rival.seen) return nullptr;
  } else {
    for (const Peer& peer : question.board().peers)
      if (is_primary(peer, question, policy) && (!best || peer.server.facts->timeline > best->server.facts->timeline))
        best = &peer;
    into.why_not_seen = question.board().nodes_known
                            ? "no other node shows itself as a primary"
                            : "the other nodes are not known: " + question.board().nodes_why_unknown;
  }
  if (!best) return nullptr;
  into.seen = true;
  into.id = best->node.id;
  into.name = best->node.name;
  if (view.rival.peer && view.rival.peer->node.id == into.id) into.followers = view.rival.followers;
  for (const Peer& peer : question.board().peers)
    if (&peer != best && is_primary(peer, question, policy))
      into.rivals += (into.rivals.empty() ? "" : ", ") + peer.node.name;
  return best;
}

LocalData::Server server_state(const Question& question, const Policy& policy, LocalData& local) {
  using Server = LocalData::Server;
  const std::string left = local.server_detail;
  if (left.empty()) return Server::stopped;
  if (!is_fresh(question.board().server, question.horizon(), policy)) return Server::unproved;
  const ServerFacts& facts = *question.board().server.facts;
  local.timeline = std::max(facts.timeline, local.timeline);
  if (facts.role == Role::primary) return Server::primary;
  return question.view().upstream ? Server::streaming : Server::standby;
}

void read_disk(const Question& question, const RejoinPlace& place, LocalData& local, WalPlace& wal) {
  const DiskFacts& disk = question.board().disk;
  local.known = disk.known;
  local.why_unknown = disk.known ? "" : disk.why_unknown + hint_of_old_data(place.data_directory);
  local.witness = witness_of(question.board()) == IsWitness::yes;
  local.server_detail = what_still_runs(place);
  if (!disk.known) return;
  local.system_identifier = disk.system_identifier;
  local.timeline = disk_timeline(disk);
  local.control_state = disk.control_state;
  local.standby_signal = disk.standby_signal;
  std::ifstream file(place.data_directory + "/global/pg_control", std::ios::binary);
  std::vector<unsigned char> bytes(512);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto control = parse_pg_control(bytes, local.why_unknown);
  local.known = control.has_value();
  if (!control) return;
  local.checksums = control->checksums;
  local.wal_log_hints = control->wal_log_hints;
  wal.segment_size = control->wal_segment_size;
  wal.checkpoint = control->checkpoint_lsn;
  wal.data_directory = place.data_directory;
  wal.programs = place.programs;
}

uint64_t free_bytes(const std::string& folder) {
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) return 0;
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

/// Why the data directory cannot be renamed aside; "" = it can.
std::string why_not_movable(const std::string& directory) {
  const std::string parent = fs::path(directory).parent_path();
  struct stat own {
  }, above{};
  if (stat(directory.c_str(), &own) != 0 || stat(parent.c_str(), &above) != 0)
    return directory + ": cannot be looked at";
  if (own.st_dev != above.st_dev)
    return directory +
           " is a mount point and cannot be renamed aside: empty it by hand and clone (repmgr standby clone)";
  if (access(parent.c_str(), W_OK) != 0) return parent + " may not be written, so the data cannot be renamed aside";
  std::error_code failed;
  if (fs::is_symlink(directory + "/pg_wal", failed))
    return "pg_wal here is a symbolic link to " + fs::read_symlink(directory + "/pg_wal", failed).string() +
           ", and a new copy would put the log into the data directory: clone it by hand (repmgr standby clone, with "
           "--waldir in pg_basebackup_options)";
  if (!fs::is_empty(directory + "/pg_tblspc", failed) && !failed)
    return "this node has tablespaces, which lie outside the data directory: clone it by hand (repmgr standby clone)";
  return "";
}

void measure(RejoinView& view, const RejoinPlace& place, RejoinKind kind) {
  Space& space = view.space;
  space.archive_folder = fs::path(place.archive_parent).parent_path();
  space.clone_folder = fs::path(place.data_directory).parent_path();
  if (kind == RejoinKind::rewind && view.plan.fork) {
    const auto names = diverged_segments(view.wal, *view.plan.fork, view.local.after_fork);
    space.archive_needed = names.size() * view.wal.segment_size + spare;
    space.archive_free = free_bytes(space.archive_folder);
  }
  if (kind == RejoinKind::clone) {
    space.cannot_move = why_not_movable(place.data_directory);
    space.clone_free = free_bytes(space.clone_folder);
    try {
      const uint64_t size = size_of_primary(view.primary_conninfo);
      space.clone_needed = size + size / 10 + spare;
    } catch (const std::exception&) {
      // The role may not ask for it: the clone itself will tell.
    }
  }
}

}  // namespace

std::string what_still_runs(const RejoinPlace& place) {
  const std::string& data_directory = place.data_directory;
  if (const std::string orphan = orphan_of(data_directory, place.own_conf); !orphan.empty())
    return orphan + " of an earlier attempt is still at work on it";
  // One that begins or ends just now may not be looked at for a moment, whosever it is.
  const DiskReading disk = read_data_directory(data_directory);
  auto processes = server_processes(data_directory, disk.owner);
  for (int again = 0; !processes && again < 10; ++again) {
    usleep(100'000);
    processes = server_processes(data_directory, disk.owner);
  }
  if (!processes) return "there are processes called postgres that may not be looked at";
  std::string text;
  for (const auto& process : *processes) text += (text.empty() ? "process " : ", ") + std::to_string(process.pid);
  if (disk.pid_file && disk.pid_file->shm_id >= 0)
    if (const int attached = shared_memory_attached(disk.pid_file->shm_id); attached != 0)
      text += (text.empty() ? "" : ", ") + ("its shared memory is in use (" + std::to_string(attached) + ")");
  return text;
}

RejoinPlace rejoin_place(const Config& config, const RepmgrConf& repmgr) {
  RejoinPlace place;
  const DiskReading disk = read_data_directory(guarded_directory(config, repmgr));
  if (!disk.error.empty()) throw std::runtime_error(disk.error + hint_of_old_data(guarded_directory(config, repmgr)));
  place.data_directory = disk.canonical_path;
  place.archive_parent = config.state_directory + "/diverged";
  place.own_conf = config.run_directory + "/rejoin-repmgr.conf";
  place.programs = repmgr.pg_bindir;
  if (place.programs.empty()) {
    std::string version = read_file(place.data_directory + "/PG_VERSION").value_or("");
    version.erase(std::min(version.find_last_not_of(" \n") + 1, version.size()));
    const std::string debian = "/usr/lib/postgresql/" + version + "/bin";
    if (access((debian + "/pg_waldump").c_str(), X_OK) == 0) place.programs = debian;
  }
  if (!place.programs.empty() && !place.programs.ends_with('/')) place.programs += '/';
  if (access("/run/systemd/system", F_OK) == 0)
    place.unit =
        config.postgresql.unit.empty() ? debian_unit_of(guarded_directory(config, repmgr)) : config.postgresql.unit;
  return place;
}

RejoinView look_for_rejoin(const Config& config, const RepmgrConf& repmgr, const RejoinPlace& place,
                           const RejoinRequest& request) {
  RejoinView view;
  LocalData& local = view.local;
  const Question question(config, repmgr, place.data_directory, !request.primary.empty());
  read_disk(question, place, local, view.wal);
  local.server = server_state(question, config.policy, local);
  view.wal.timeline = local.timeline;
  local.rewind_broken_off = question.board().disk.half_rewound;
  if (local.timeline > 1)
    if (const auto text = read_file(place.data_directory + "/pg_wal/" + history_file_name(local.timeline)))
      local.history = parse_timeline_history(*text, local.timeline);
  if (place.unit.empty() && repmgr.service_start_command.empty())
    view.space.cannot_start =
        "no unit of PostgreSQL is known, and repmgr.conf has no service_start_command: set postgresql.unit in "
        "picket.toml";

  if (const Peer* peer = find_primary(question, config.policy, request.primary, view.primary)) {
    view.primary_conninfo = peer->node.conninfo;
    ask_primary(view.primary_conninfo, peer->node.id, view.primary);
  }
  const auto plan = [&] { view.plan = plan_rejoin(local, view.primary, view.space, request.wishes); };
  const auto fork = view.primary.told && local.known && local.timeline < view.primary.timeline
                        ? fork_of(local, view.primary)
                        : std::nullopt;
  if (fork) {
    local.after_fork = read_wal_tail(view.wal, *fork, local.after_fork_unknown);
    if (local.after_fork && local.after_fork->records > 0)
      view.primary.same_past =
          same_log_before(view.wal, *fork, view.primary.history, view.primary.timeline, view.primary_conninfo);
  }
  plan();
  measure(view, place, view.plan.kind);
  plan();
  return view;
}

}  // namespace picket
