#include "fence/proof.hpp"

#include <utility>

#include "fence/control_group.hpp"
#include "postgres/processes.hpp"

namespace picket {
namespace {

struct Finding {
  bool dead = false;
  std::string text;
  bool seen = true;  // it could be looked at
};

Finding control_group(const FenceTarget& target) {
  if (target.control_group.empty()) return {true, "control group: the unit has none"};
  const auto seen = look_at_group(target.control_group);
  return {seen.empty, "control group " + target.control_group + ": " + seen.text,
          seen.empty || seen.text == "not empty"};
}

Finding processes(const FenceTarget& target) {
  if (target.data_directory.empty()) return {false, "processes: the data directory is not known", false};
  const auto found = server_processes(target.data_directory, target.owner);
  if (!found) return {false, "processes: cannot be looked at", false};
  if (found->empty()) return {true, "processes: none with this data directory"};
  std::string text = "processes:";
  for (const auto& process : *found) text += " " + std::to_string(process.pid);
  return {false, text};
}

Finding shared_memory(const FenceTarget& target) {
  if (target.shared_memory_id < 0) return {true, "shared memory: no segment is known"};
  const std::string name = "shared memory " + std::to_string(target.shared_memory_id) + ": ";
  const int attached = shared_memory_attached(target.shared_memory_id);
  if (attached < 0) return {false, name + "cannot be looked at", false};
  return {attached == 0, name + std::to_string(attached) + " attached"};
}

constexpr auto inner_looks = {control_group, processes, shared_memory};

}  // namespace

Prover::Prover(FenceTarget target)
    : target_(std::move(target)), doors_(target_.tcp_host, target_.port, target_.socket_folder) {}

Proof Prover::look() const {
  Proof proof{true, ""};
  const auto add = [&proof](bool dead, const std::string& text) {
    proof.proved = proof.proved && dead;
    proof.sentence += (proof.sentence.empty() ? "" : "; ") + text;
  };
  for (const auto& look_at : inner_looks) {
    const auto finding = look_at(target_);
    add(finding.dead, finding.text);
  }
  const auto seen = doors_.knock();
  add(seen.closed, seen.text);
  return proof;
}

std::string Prover::blind() const {
  std::string why;
  for (const auto& look_at : inner_looks)
    if (const auto finding = look_at(target_); !finding.seen) why += (why.empty() ? "" : "; ") + finding.text;
  return why;
}

}  // namespace picket
