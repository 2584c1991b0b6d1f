#pragma once
// Everything that looks: owns the adapters, and puts what they see on the Board. Decides nothing.

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "config/config.hpp"
#include "core/facts.hpp"
#include "keepalived/notify_fifo.hpp"
#include "loop/worker.hpp"
#include "netlink/addresses.hpp"
#include "node_list.hpp"
#include "postgres/data_directory.hpp"
#include "postgres/probe.hpp"
#include "repmgr/repmgr_conf.hpp"
#include "systemd/unit.hpp"
#include "systemd/units.hpp"

namespace picket {

class Observers {
 public:
  /// Begins to look at once. `changed` runs on the loop whenever something was seen; the workers must outlive this.
  Observers(Loop& loop, Worker& disk, Worker& names, Bus& bus, const Config& config, const RepmgrConf& repmgr,
            std::function<void()> changed);

  /// The facts as of now. The marker and the fence are not looked at here: the caller fills them in.
  Board board() const;

  /// What the fence ladder must know about the local server.
  std::string unit_name() const { return unit_name_; }
  std::string data_directory() const { return data_.canonical_path(); }
  const std::optional<uid_t>& data_owner() const { return data_.owner(); }
  const std::optional<PostmasterPid>& pid_file() const { return data_.pid_file(); }
  const std::string& timeline_history() const { return data_.timeline_history(); }
  /// Takes the address off this host; empty text or the error.
  std::string remove_address() { return address_.remove(); }
  /// Probe::execute() on the local server.
  std::string execute(std::string sql, Probe::Executed done) { return local_.execute(std::move(sql), std::move(done)); }
  /// A word of Keepalived's that came by `picket notify`.
  void heard(const NotifyEvent& event);
  /// Something is about to change in PostgreSQL: look at it now.
  void look_now();
  /// Asks every other node now.
  void ask_peers();
  /// Problems of the adapters themselves, for the log.
  std::vector<std::string> problems() const;

 private:
  struct PeerProbe {
    Node node;
    std::unique_ptr<Probe> probe;
  };
  ProbeOptions local_options();
  void nodes_read(const Rows& rows);
  void watch_peers();
  void watch_unit();
  void data_changed();
  void follow_promotion();

  Loop& loop_;
  Worker& names_;
  Bus& bus_;
  const Config& config_;
  const RepmgrConf& repmgr_;
  std::function<void()> changed_;
  NodeList nodes_;
  std::string nodes_error_;
  std::vector<PeerProbe> peers_;
  Node self_;
  std::string last_notify_;
  Instant started_;
  std::string unit_name_;
  int unit_asked_pid_ = 0;
  std::tuple<PostmasterFacts::Process, int, std::string, bool> announced_;
  std::optional<Instant> promotion_since_;  ///< its standby.signal is gone, and the server still says standby
  Timer promotion_timer_;                   ///< before data_, which calls back while it is made
  DataDirectory data_;
  Probe local_;
  Addresses address_;
  UnitWatch keepalived_;
  std::unique_ptr<UnitWatch> unit_;
  std::unique_ptr<NotifyFifo> fifo_;
  Lifetime lifetime_;
};

/// The unit that runs a Debian cluster, from its data directory ("/var/lib/postgresql/15/main" ->
/// "postgresql@15-main.service", postgresql-common's layout); "" for any other path.
std::string debian_unit_of(const std::string& data_directory);

}  // namespace picket
