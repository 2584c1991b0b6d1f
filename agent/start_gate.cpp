#include "start_gate.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <vector>

#include "config/config.hpp"
#include "core/start_gate.hpp"
#include "fence/marker.hpp"
#include "files.hpp"
#include "instance.hpp"
#include "offline.hpp"
#include "postgres/probe.hpp"
#include "repmgr/repmgr_conf.hpp"
#include "settings.hpp"
#include "start_note.hpp"

namespace picket {
namespace {

// The marker may be lifted by the agent, and time passes, while no peer says anything new.
constexpr Millis look_every{100};
// Watching only: a start is not delayed for what would not be refused anyway.
constexpr Millis observe_within{2000};
// An order to start is not answered by half a minute of questions; what proves it wrong shows in this time.
constexpr Millis leave_within{3000};

void say(const std::string& text) { std::cerr << "picket start gate: " << text << std::endl; }

class Question {
 public:
  Question(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory);
  /// Asks until there is an answer.
  GateAnswer answer();
  uint32_t timeline() const { return disk_timeline(board_.disk); }

 private:
  GateAnswer look(bool expired);
  void read_marker_files();
  void ask_peers(Loop& loop, Worker& names, const std::function<void()>& changed);

  const Config& config_;
  Instant began_ = boot_now();
  Board board_;
  std::vector<std::unique_ptr<Probe>> probes_;
};

Question::Question(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory)
    : config_(config), board_(offline_board(config, repmgr, data_directory, began_)) {}

void Question::read_marker_files() {
  board_.marker = marker_facts(read_marker(config_.state_directory + "/fence.json"),
                               read_marker(config_.run_directory + "/fence.json"));
}

void Question::ask_peers(Loop& loop, Worker& names, const std::function<void()>& changed) {
  for (const Peer& peer : board_.peers) {
    probes_.push_back(std::make_unique<Probe>(loop, names, peer_probe_options(config_, peer.node), changed));
  }
}

GateAnswer Question::look(bool expired) {
  for (size_t i = 0; i < probes_.size(); ++i) board_.peers[i].server = probes_[i]->view();
  return start_gate(board_, {.now = boot_now(), .valid_from = began_, .primary_since = {}}, config_.policy, expired);
}

/// Leave overrides what cannot be known, never what is proven.
GateAnswer with_leave(GateAnswer answer, bool leave) {
  const bool proven = answer.stale || answer.row == GateRow::B1;
  if (!leave || answer.admission != Admission::refuse || proven) return answer;
  answer.admission = Admission::allow;
  answer.sentence += "; an administrator gave leave for one start";
  return answer;
}

GateAnswer Question::answer() {
  const bool leave = use_start_leave(start_leave_path(config_.run_directory), began_);
  // A restore that is meant is judged as any other primary.
  if (leave) board_.disk.backup_label = board_.disk.recovery_signal = false;
  read_marker_files();
  if (GateAnswer at_once = look(false); at_once.admission != Admission::wait) return with_leave(at_once, leave);

  Millis within = config_.policy.start_gate_within;
  if (config_.policy.level == Level::observe) within = std::min(within, observe_within);
  if (leave) within = std::min(within, leave_within);
  Loop loop;
  Worker names(loop);
  GateAnswer last;
  const auto ask = [&] {
    last = look(boot_now() - began_ >= within);
    if (last.admission != Admission::wait) loop.exit(0);
  };
  Timer each(loop, [&] {
    read_marker_files();
    ask();
  });
  each.every(look_every);
  ask_peers(loop, names, ask);
  loop.run();
  probes_.clear();
  return with_leave(last, leave);
}

/// What a refusal leaves behind: the note for the agent, and on a proof the marker. That nothing can be written changes
/// nothing about the refusal.
void leave_behind(const Config& config, const GateAnswer& answer, uint32_t timeline) {
  if (answer.stale) {
    const std::string durable = config.state_directory + "/fence.json";
    MarkerFile file = read_marker(durable);
    file.marker.add({std::string(word(FenceReason::stale)), answer.sentence, wall_clock_now(), timeline});
    if (const std::string error = write_marker(durable, file.marker); !error.empty()) {
      say(error);
      if (const std::string again = write_marker(config.run_directory + "/fence.json", file.marker); !again.empty())
        say(again);
    }
  }
  // After the marker: the note makes the agent read it.
  const StartRefusal refusal{std::string(word(answer.row)), answer.sentence};
  if (const std::string error = write_start_note(start_note_path(config.run_directory), refusal); !error.empty())
    say(error);
}

int gate(const Config& config, const std::string& instance) {
  const bool observe = config.policy.level == Level::observe;
  const auto text = read_file(config.repmgr.conf);
  if (!text && errno == ENOENT) {
    say("B6 allowed: there is no " + config.repmgr.conf + ", so this is no node of a cluster that picket guards");
    return 0;
  }
  if (!text) throw std::runtime_error(config.repmgr.conf + ": cannot be read: " + std::strerror(errno));
  const RepmgrConf repmgr = parse_repmgr_conf(*text, config.repmgr.conf);
  const std::string& ours = guarded_directory(config, repmgr);
  const std::string theirs = data_directory_of(instance);
  if (!same_directory(ours, theirs)) {
    say("allowed: " + theirs + " is not the data directory that picket guards (" + ours + ")");
    return 0;
  }
  become_owner_of(ours);
  Question question(config, repmgr, ours);
  const GateAnswer answer = question.answer();
  const bool refused = answer.admission != Admission::allow;
  say(std::string(word(answer.row)) + " " + std::string(word(refused ? Admission::refuse : Admission::allow)) + ": " +
      answer.sentence + (refused && observe ? " (level observe: it starts all the same)" : ""));
  if (observe) return 0;
  if (!refused) {
    unlink(start_note_path(config.run_directory).c_str());
    return 0;
  }
  leave_behind(config, answer, question.timeline());
  return 1;
}

}  // namespace

int run_start_gate(const std::string& config_path, const std::string& instance) {
  // Keepalived counts processes called picketd.
  prctl(PR_SET_NAME, "picket-gate");
  Config config;
  try {
    config = load_file(config_path);
    return gate(config, instance);
  } catch (const std::exception& error) {
    const bool observe = config.policy.level == Level::observe;
    say((observe ? "would be refused by an error of its own: " : "refused by an error of its own: ") +
        std::string(error.what()));
    return observe ? 0 : 1;
  }
}

}  // namespace picket
