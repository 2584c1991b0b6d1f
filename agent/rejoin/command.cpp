#include "rejoin/command.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <iostream>
#include <stdexcept>

#include "fence/marker.hpp"
#include "loop/loop.hpp"
#include "offline.hpp"
#include "rejoin/cut_clone.hpp"
#include "rejoin/job.hpp"
#include "rejoin/steps.hpp"
#include "settings.hpp"
#include "systemd/units.hpp"

namespace picket {
namespace {

constexpr Millis bus_within{2000}, look_every{200}, lifts_within{60'000};

class Command {
 public:
  Command(const std::string& config_path, const RejoinOptions& options);
  int run();

 private:
  int try_it(const RejoinView& view);
  bool agreed() const;
  int start_job();
  int follow_other();
  bool withdraw_order();
  int follow();
  bool tell_progress();
  int end();

  const RejoinOptions& options_;
  Config config_;
  RepmgrConf repmgr_;
  Loop loop_;
  Bus bus_;
  Units units_;
  RejoinPlace place_;
  RejoinRequest request_;
  std::string began_before_;
  size_t told_ = 0;
};

RejoinRequest request_of(const RejoinOptions& options) {
  return {{options.clone, options.without_archive, false, 0}, options.primary, "uid " + std::to_string(getuid())};
}

Command::Command(const std::string& config_path, const RejoinOptions& options)
    : options_(options),
      config_(load_file(config_path)),
      repmgr_(load_repmgr_conf(config_.repmgr.conf)),
      bus_(loop_, "", {}),
      units_(bus_) {
  // As root, if that is who asks: systemd then needs no polkit.
  if (!options.dry_run) loop_.run_until([this] { return bus_.connected(); }, bus_within);
  if (!rejoin_runs(config_.run_directory))
    if (const std::string done = undo_cut_clone(config_, repmgr_, options.dry_run); !done.empty())
      std::cout << done << "\n";
  place_ = rejoin_place(config_, repmgr_);
  become_owner_of(place_.data_directory);
  request_ = request_of(options);
}

int Command::run() {
  if (rejoin_runs(config_.run_directory)) {
    std::cout << "a job is under way already; following it\n";
    return options_.dry_run ? 1 : follow();
  }
  const RejoinView view = look_for_rejoin(config_, repmgr_, place_, request_);
  std::cout << plan_text(view.plan, view.local, view.primary) << std::flush;
  if (view.plan.kind == RejoinKind::nothing_to_do) return 0;
  if (options_.dry_run) return try_it(view);
  if (!view.plan.obstacles.empty()) return 1;
  if (!agreed()) return 2;
  return start_job();
}

// What repmgr itself says to it, where the server is stopped and it is repmgr's to do.
int Command::try_it(const RejoinView& view) {
  const bool repmgrs = view.plan.kind == RejoinKind::rewind || view.plan.kind == RejoinKind::start_as_standby;
  if (!view.plan.obstacles.empty()) return 1;
  if (!repmgrs) return 0;
  RejoinSteps steps(config_, repmgr_, place_, [](std::string_view line) { std::cout << "  | " << line << "\n"; });
  try {
    steps.try_node_rejoin(view.primary_conninfo);
    return 0;
  } catch (const std::exception& error) {
    std::cout << error.what() << "\n";
    return 1;
  }
}

bool Command::agreed() const {
  if (options_.yes) return true;
  if (isatty(0) == 0) {
    std::cerr << "nothing was done: say --yes, or answer at a terminal\n";
    return false;
  }
  std::cout << "do it? type yes: " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes") return true;
  std::cout << "nothing was done\n";
  return false;
}

int Command::start_job() {
  // Somebody may have been quicker while the question was answered.
  if (rejoin_runs(config_.run_directory)) return follow_other();
  if (const auto record = read_rejoin_record(rejoin_record_path(config_.state_directory)))
    began_before_ = record->began;
  const std::string request = rejoin_request_path(config_.run_directory);
  if (const std::string error = write_rejoin_request(request, request_); !error.empty())
    throw std::runtime_error(error);
  std::string error = bus_.connected() ? "" : "systemd cannot be asked: " + bus_.why_not();
  bool answered = !error.empty();
  if (!answered)
    units_.reset_failed(rejoin_unit, [&](const std::string&) {
      units_.start_unit(rejoin_unit, [&](const std::string& refused) {
        error = refused;
        answered = true;
      });
    });
  loop_.run_until([&] { return answered; }, bus_within);
  if (!answered) error = "systemd does not answer";
  if (error.empty()) {
    std::cout << rejoin_unit << " runs; it goes on without this command (journalctl -fu " << rejoin_unit << ")\n";
    return follow();
  }
  withdraw_order();
  std::cerr << "picket: " << error << "\nwithout systemd: picket rejoin --run --yes, which does it here, at once\n";
  return 3;
}

int Command::follow_other() {
  std::cout << "another job is under way already, and what you asked for was not passed on; following it\n";
  return follow();
}

// An order that no job took would be found by the next one.
bool Command::withdraw_order() {
  const std::string path = rejoin_request_path(config_.run_directory);
  const auto left = read_rejoin_request(path);
  return left && left->by == request_.by && left->wishes.automatic == request_.wishes.automatic &&
         unlink(path.c_str()) == 0;
}

// New steps as they come; whether the job has ended.
bool Command::tell_progress() {
  const auto record = read_rejoin_record(rejoin_record_path(config_.state_directory));
  if (!record || record->began == began_before_) return false;
  for (; told_ < record->steps.size(); ++told_) std::cout << "  " << record->steps[told_] << std::endl;
  return record->state != RejoinRecord::State::running;
}

int Command::follow() {
  const Instant began = boot_now();
  while (!tell_progress()) {
    // Ended without a word: a moment is left for the first one.
    if (!rejoin_runs(config_.run_directory) && boot_now() - began > Millis{10'000} && !tell_progress()) {
      withdraw_order();
      std::cout << "the job has ended and left no record: journalctl -u " << rejoin_unit << "\n";
      return 1;
    }
    usleep(static_cast<useconds_t>(look_every.count()) * 1000);
  }
  return end();
}

int Command::end() {
  if (withdraw_order()) std::cout << "your order was not taken, for another job had begun; type it again if need be\n";
  const auto record = read_rejoin_record(rejoin_record_path(config_.state_directory));
  if (!record || record->state != RejoinRecord::State::done) {
    std::cout << "FAILED: " << (record ? record->sentence : "the record is gone") << "\n";
    return 1;
  }
  std::cout << record->sentence << std::endl;
  if (!record->archive.empty()) std::cout << "what it had written alone is kept in " << record->archive << std::endl;
  const std::string marker = config_.state_directory + "/fence.json";
  const Instant due = boot_now() + lifts_within + config_.policy.rejoin_stable;
  while (read_marker(marker).state != MarkerFile::State::absent) {
    if (config_.policy.level == Level::observe || boot_now() > due) {
      std::cout << "it is still fenced: see picket status\n";
      return 1;
    }
    usleep(static_cast<useconds_t>(look_every.count()) * 1000);
  }
  std::cout << "it is not fenced\n";
  return 0;
}

}  // namespace

bool parse_rejoin_arguments(int count, char** arguments, RejoinOptions& options) {
  for (int i = 0; i < count; ++i) {
    const std::string word = arguments[i];
    if (word == "--dry-run") {
      options.dry_run = true;
    } else if (word == "--yes") {
      options.yes = true;
    } else if (word == "--clone") {
      options.clone = true;
    } else if (word == "--without-archive") {
      options.without_archive = true;
    } else if (word == "--run") {
      options.run = true;
    } else if (word == "--primary" && i + 1 < count) {
      options.primary = arguments[++i];
    } else {
      return false;
    }
  }
  return true;
}

int run_rejoin(const std::string& config_path, const RejoinOptions& options) {
  // Keepalived counts processes called picketd.
  prctl(PR_SET_NAME, "picket-rejoin");
  if (options.run) {
    std::optional<RejoinRequest> request;
    if (options.yes) request = request_of(options);
    return run_rejoin_job(config_path, std::move(request));
  }
  try {
    return Command(config_path, options).run();
  } catch (const std::exception& error) {
    std::cerr << "picket: " << error.what() << "\n";
    return 2;
  }
}

}  // namespace picket
