#pragma once
// Real servers under a real repmgr, and what `picket rejoin` needs to know of them: for the tests of the way back. No
// agent runs, and no systemd: PostgreSQL is started by repmgr.conf's own command.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/programs.hpp"
#include "postgres/throwaway.hpp"

/// For a test's first line: skips it where the real repmgr is missing.
#define NEEDS_REPMGR()                                                           \
  if (!std::filesystem::exists(::picket::test::postgres_binaries() + "/repmgr")) \
  GTEST_SKIP() << "repmgr is not installed for this PostgreSQL"

namespace picket::test {

class RepmgrNode {
 public:
  RepmgrNode(int id, std::unique_ptr<Throwaway> server);
  ~RepmgrNode();
  Throwaway& server() { return *server_; }
  const std::string& name() const { return name_; }
  /// Writes picket's cache of repmgr.nodes.
  void knows(const std::vector<const RepmgrNode*>& nodes) const;
  /// Runs repmgr as user postgres; fails the test when it fails.
  void repmgr(const std::vector<std::string>& words) const;
  /// `picket rejoin` with these words, as user postgres.
  Ended rejoin(std::vector<std::string> words) const;
  /// The same as the job, with this request.
  Ended run_job(const std::string& primary = "", bool clone = false) const;
  /// From here on PostgreSQL's and repmgr's programs are used by way of a folder in which `program` is this script.
  void instead_of(const std::string& program, const std::string& script) const;
  /// The true one again.
  void as_before(const std::string& program) const;
  /// Where that folder has it.
  std::string program(const std::string& name) const { return folder_ / ("bin/" + name); }
  /// Adds a line to repmgr.conf.
  void repmgr_setting(const std::string& line) const;
  /// What `picket gate start` says to a start of this server, and its exit code.
  Ended gate() const;
  std::string state(const std::string& file) const { return read_text(folder_ / "state/" + file); }
  std::string state_folder() const { return folder_ / "state"; }
  std::string run_folder() const { return folder_ / "run"; }
  int id() const { return id_; }

 private:
  int id_;
  std::string name_;
  std::unique_ptr<Throwaway> server_;
  Folder folder_;
};

/// True once this standby streams; waits 20 s at most.
bool streams(RepmgrNode& node);

/// node1, primary, and two standbys that stream from it, registered.
struct RealCluster {
  RealCluster();
  std::unique_ptr<RepmgrNode> node1, node2, node3;
  /// node2 becomes the primary and is registered as such, while node1 lives; node3 follows it.
  void promote_node2();
  /// The same without its first step: node1 may be dead already.
  void fail_over();
};

}  // namespace picket::test
