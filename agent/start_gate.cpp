#include "start_gate.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <stdexcept>

#include "config/config.hpp"
#include "core/start_gate.hpp"
#include "fence/marker.hpp"
#include "inquiry.hpp"
#include "instance.hpp"
#include "loop/read_file.hpp"
#include "offline.hpp"
#include "rejoin/record.hpp"
#include "repmgr/repmgr_conf.hpp"
#include "settings.hpp"
#include "start_note.hpp"

namespace picket {
namespace {

// Watching only: a start is not delayed for what would not be refused anyway.
constexpr Millis observe_within{2000};
// An order to start is not answered by half a minute of questions; what proves it wrong shows in this time.
constexpr Millis leave_within{3000};
// For the answer that is due when the time is over.
constexpr Millis last_word{1000};

void say(const std::string& text) { std::cerr << "picket start gate: " << text << std::endl; }

/// Leave overrides what cannot be known, never what is proven.
GateAnswer with_leave(GateAnswer answer, bool leave) {
  const bool proven = answer.stale || answer.row == GateRow::B1;
  if (!leave || answer.admission != Admission::refuse || proven) return answer;
  answer.admission = Admission::allow;
  answer.sentence += "; an administrator gave leave for one start";
  return answer;
}

GateAnswer ask_until_answered(const Config& config, Inquiry& inquiry) {
  Board& board = inquiry.board();
  const bool leave = use_start_leave(start_leave_path(config.run_directory), inquiry.began());
  // A restore that is meant is judged as any other primary.
  if (leave) board.disk.backup_label = board.disk.recovery_signal = false;
  Millis within = config.policy.start_gate_within;
  if (config.policy.level == Level::observe) within = std::min(within, observe_within);
  if (leave) within = std::min(within, leave_within);
  const std::string record_path = rejoin_record_path(config.state_directory);
  GateAnswer answer;
  const auto answered = [&] {
    // The marker may be lifted by the agent meanwhile.
    board.marker = marker_facts(read_marker(config.state_directory + "/fence.json"),
                                read_marker(config.run_directory + "/fence.json"));
    const bool expired = boot_now() - inquiry.began() >= within;
    // The job whose pg_rewind found nothing to do notes it while repmgr goes on to this start.
    const bool alive = board.disk.half_rewound && rejoin_runs(config.run_directory);
    const auto record = board.disk.half_rewound ? read_rejoin_record(record_path) : std::nullopt;
    board.disk.half_rewound = record && half_rewound(*record, board.disk);
    answer = start_gate(board, inquiry.horizon(), config.policy, expired);
    return answer.admission != Admission::wait && (expired || !alive || !board.disk.half_rewound);
  };
  if (!answered()) inquiry.ask(answered, within + last_word, false);
  return with_leave(answer, leave);
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
  if (config.role == HostRole::witness) {
    say("allowed: this host is a witness, so its servers are none of the cluster's");
    return 0;
  }
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
  Inquiry inquiry(config, repmgr, ours);
  const GateAnswer answer = ask_until_answered(config, inquiry);
  const bool refused = answer.admission != Admission::allow;
  say(std::string(word(answer.row)) + " " + std::string(word(refused ? Admission::refuse : Admission::allow)) + ": " +
      answer.sentence + (refused && observe ? " (level observe: it starts all the same)" : ""));
  if (observe) return 0;
  if (!refused) {
    unlink(start_note_path(config.run_directory).c_str());
    return 0;
  }
  leave_behind(config, answer, disk_timeline(inquiry.board().disk));
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
