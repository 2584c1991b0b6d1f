#pragma once
// One node of a cluster: a real PostgreSQL, and the real picketd beside it with files of its own. What it says is read
// as anybody would: over HTTP, by the command line, from its log and from the gate.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/programs.hpp"
#include "postgres/throwaway.hpp"

namespace picket::test {

struct HealthSaid {
  int status = 0;       ///< 0 = no answer
  std::string verdict;  ///< header Picket-Verdict: "7 R1"
  std::string body;
};

/// GET on loopback.
HealthSaid http_get(int port, const std::string& path);

/// picket.toml, as far as tests differ from the defaults. The texts are lines of their tables.
struct AgentOptions {
  std::string level = "guard";
  std::string http = {};
  std::string guard = {}, postgresql = {}, keepalived = {}, fence = {}, lease = {};
  std::string repmgr = {};  ///< lines of repmgr.conf
  int http_port = 0;        ///< 0 = the member's own
  std::string bus = {};     ///< address of the system bus; "" = there is none, whatever runs on this machine
  bool sees_everybody =
      false;                 ///< false: the processes of other users are hidden from it, as by its unit (ProtectProc=)
  bool may_cut = true;       ///< it has CAP_NET_ADMIN, as by its unit
  std::string journal = {};  ///< a folder that the agent sees as /run/systemd/journal; "" = it writes to standard error
};

class Member {
 public:
  Member(int id, std::unique_ptr<Throwaway> server);
  /// Ends the agent, and fails the test when a sanitizer spoke.
  ~Member();

  Throwaway& server() { return *server_; }
  const std::string& name() const { return name_; }
  int id() const { return id_; }
  const Folder& folder() const { return folder_; }
  std::string gate() const;
  std::string rank() const { return read_text(folder_ / "run/rank"); }
  bool has_marker() const { return !marker().empty(); }
  /// Whether the marker on disk names this reason within two seconds: it is written while the fence is under way.
  bool is_marked(const std::string& reason) const;
  std::string marker() const { return read_text(folder_ / "state/fence.json"); }
  std::string marker_path() const { return folder_ / "state/fence.json"; }
  std::string fifo() const { return folder_ / "run/notify.fifo"; }
  std::string socket() const { return folder_ / "run/control.sock"; }
  std::string config_path() const { return folder_ / "picket.toml"; }

  /// Writes the configuration and starts picketd; does not wait.
  void launch_agent(const AgentOptions& options = {});
  /// The same, and waits until it answers; throws with its log when it does not.
  void start_agent(const AgentOptions& options = {});
  /// Its exit code; -1 if it did not end within 5 s.
  int stop_agent(int signal);
  Child& agent() { return *agent_; }
  /// Everything that the agents of this node wrote to standard error.
  std::string log() const;

  HealthSaid get(const std::string& path) const { return http_get(port_, path); }
  nlohmann::json status() const;
  std::string rule() const;
  Ended picket(std::vector<std::string> words, const std::string& user = "root") const;
  int http_port() const { return port_; }

  /// How long until the agent's rule is that; nothing if it is another after the limit.
  std::optional<Millis> until(const std::string& rule, Millis limit) const;
  /// How long until no process of the server is left.
  std::optional<Millis> until_dead(Millis limit) const;
  bool serves_primary() const { return get("/primary").status == 200; }

 private:
  void write_files(const AgentOptions& options) const;
  std::vector<std::string> command(const AgentOptions& options) const;

  int id_;
  std::string name_;
  std::unique_ptr<Throwaway> server_;
  Folder folder_;
  int port_ = free_port();
  std::unique_ptr<Child> agent_;
  std::string earlier_log_;
};

/// Names the node, its verdict and the end of its log: for a failed expectation.
std::string describe(const Member& member);

/// Whether a sanitizer wrote something into this log.
bool sanitizer_spoke(const std::string& log);

}  // namespace picket::test
