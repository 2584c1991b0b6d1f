#pragma once
// A voter on a host without PostgreSQL.

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/member.hpp"

namespace picket::test {

/// picketd with role = "witness".
class WitnessHost {
 public:
  explicit WitnessHost(int id) : id_(id) {
    for (const char* name : {"run", "state"}) run_as_postgres({"/bin/mkdir", folder_ / name});
  }
  ~WitnessHost() { EXPECT_FALSE(sanitizer_spoke(log())) << log(); }

  void start(const std::string& lease_lines, const std::string& more = {}) {
    write_text(config(), "role = \"witness\"\nlevel = \"lease\"\nnode_id = " + std::to_string(id_) +
                             "\nrun_directory = \"" + folder_ / "run" + "\"\nstate_directory = \"" + folder_ / "state" +
                             "\"\n" + more + "[http]\nlisten = \"127.0.0.1\"\nport = " + std::to_string(port_) +
                             "\n[lease]\n" + lease_lines);
    agent_ = std::make_unique<Child>(std::vector<std::string>{picketd_binary(), "--config", config()}, "postgres",
                                     folder_ / "picketd");
  }

  Child& agent() { return *agent_; }
  std::string config() const { return folder_ / "picket.toml"; }
  std::string log() const { return agent_ ? agent_->err() : ""; }
  std::string promise() const { return read_text(folder_ / "state/promise"); }
  HealthSaid get(const std::string& path) const { return http_get(port_, path); }
  nlohmann::json lease_said() const {
    return nlohmann::json::parse(get("/status").body, nullptr, false).value("lease", nlohmann::json());
  }
  Ended picket(std::vector<std::string> words) const {
    words.insert(words.begin(), {picket_binary(), "--config", config(), "--socket", folder_ / "run/control.sock"});
    return run(words);
  }

 private:
  const int id_;
  Folder folder_;
  int port_ = free_port();
  std::unique_ptr<Child> agent_;
};

}  // namespace picket::test
