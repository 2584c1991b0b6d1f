#include "rejoin/job.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <stdexcept>

#include "fence/marker.hpp"
#include "loop/fd.hpp"
#include "loop/loop.hpp"
#include "offline.hpp"
#include "rejoin/cut_clone.hpp"
#include "rejoin/primary.hpp"
#include "rejoin/stale_mark.hpp"
#include "rejoin/steps.hpp"
#include "rejoin/streaming.hpp"
#include "settings.hpp"

namespace picket {
namespace {

constexpr Millis look_again_after{1000};  // between the two looks that certify the primary
constexpr Millis checkpoint_within{60'000};

volatile std::sig_atomic_t asked_to_stop = 0;

std::string compact(std::string time) {
  std::erase_if(time, [](char c) { return c == ':' || c == '-'; });
  return time;
}

class Job {
 public:
  Job(const Config& config, const RepmgrConf& repmgr, RejoinRequest request);
  int run();

 private:
  void step(const std::string& what);
  void save();
  RejoinView look();
  void carry_out(const RejoinView& view);
  void follow(const RejoinView& view);
  void checkpoint(const RejoinView& view);
  void archive(const RejoinView& view);
  void prove_dead();
  void rewind(const RejoinView& view);
  void clone(const RejoinView& view);

  const Config& config_;
  const RepmgrConf& repmgr_;
  RejoinPlace place_;
  RejoinRequest request_;
  RejoinRecord record_;
  std::string record_path_;
  RejoinSteps steps_;
};

Job::Job(const Config& config, const RepmgrConf& repmgr, RejoinRequest request)
    : config_(config),
      repmgr_(repmgr),
      place_(rejoin_place(config, repmgr)),
      request_(std::move(request)),
      record_path_(rejoin_record_path(config.state_directory)),
      steps_(config, repmgr, place_, [](std::string_view line) { std::cout << "  " << line << std::endl; }) {}

// The disk that refuses a line of the record refuses more than that: then nothing is begun.
void Job::save() {
  if (const std::string error = write_rejoin_record(record_path_, record_); !error.empty())
    throw std::runtime_error(error);
}

void Job::step(const std::string& what) {
  if (asked_to_stop) throw std::runtime_error("stopped by order, before: " + what);
  std::cout << "picket rejoin: " << what << std::endl;
  record_.sentence = what;
  record_.steps.push_back(what);
  save();
}

RejoinView Job::look() {
  RejoinView view = look_for_rejoin(config_, repmgr_, place_, request_);
  if (view.local.known) record_.timeline = view.local.timeline;
  record_.fork = view.plan.fork.value_or(0);
  return view;
}

int Job::run() {
  const auto before = read_rejoin_record(record_path_);
  record_.state = RejoinRecord::State::running;
  record_.by = request_.by;
  record_.began = wall_clock_now();
  // Kept also when the look fails: tries are counted, and data that a rewind has left half-way stays known.
  if (before) {
    record_.timeline = before->timeline;
    record_.fork = before->fork;
    record_.archive = before->archive;
    record_.rewinding = before->rewinding;
    record_.automatic = before->automatic;
  }
  if (request_.wishes.automatic) ++record_.automatic;
  try {
    RejoinView view = look();
    const bool other_data = before && before->timeline != record_.timeline;
    if (other_data) record_.rewinding = false;
    if (other_data) record_.automatic = request_.wishes.automatic ? 1 : 0;
    if (before && (other_data || before->fork != record_.fork)) record_.archive.clear();
    std::cout << plan_text(view.plan, view.local, view.primary) << std::flush;
    step("looked: " + std::string(word(view.plan.kind)) +
         (view.plan.reason.empty() ? "" : ", because " + view.plan.reason));
    carry_out(view);
    record_.state = RejoinRecord::State::done;
    record_.sentence =
        "this node is a standby and streams from " + view.primary.name + " (" + std::string(word(view.plan.kind)) + ")";
    record_.automatic = 0;
  } catch (const std::exception& error) {
    record_.state = RejoinRecord::State::failed;
    record_.sentence = error.what();
    std::cout << "picket rejoin: FAILED: " << error.what() << std::endl;
  }
  record_.ended = wall_clock_now();
  if (const std::string error = write_rejoin_record(record_path_, record_); !error.empty())
    std::cout << "picket rejoin: " << error << std::endl;
  return record_.state == RejoinRecord::State::done ? 0 : 1;
}

void Job::carry_out(const RejoinView& first) {
  const auto refuse = [&](const RejoinPlan& plan) {
    if (plan.obstacles.empty()) return;
    record_.final = request_.wishes.automatic && (plan.kind == RejoinKind::clone ||
                                                  (plan.bytes_lost && *plan.bytes_lost > request_.wishes.max_lost));
    std::string all;
    for (const auto& obstacle : plan.obstacles) all += (all.empty() ? "" : "; ") + obstacle;
    throw std::runtime_error(all);
  };
  refuse(first.plan);
  if (first.plan.kind == RejoinKind::nothing_to_do) return;
  usleep(static_cast<useconds_t>(look_again_after.count()) * 1000);
  const RejoinView view = look();
  refuse(view.plan);
  if (view.primary.id != first.primary.id || view.primary.timeline != first.primary.timeline ||
      view.plan.kind != first.plan.kind)
    throw std::runtime_error("the cluster is changing: " + first.primary.name + " on timeline " +
                             std::to_string(first.primary.timeline) + ", and a second later " + view.primary.name +
                             " on timeline " + std::to_string(view.primary.timeline));
  mark_stale(config_, view);
  if (view.plan.kind == RejoinKind::clone) {
    clone(view);
  } else if (view.plan.crashed_only) {
    prove_dead();
    step("starting PostgreSQL as a standby, by standby.signal");
    steps_.write_standby_signal();
    steps_.start_server();
    follow(view);
  } else if (view.local.standby_signal && view.plan.kind == RejoinKind::start_as_standby &&
             view.local.control_state != "shut down in recovery") {
    step("starting PostgreSQL, a standby already");
    steps_.start_server();
  } else {
    rewind(view);
  }
  step("waiting until it streams from " + view.primary.name);
  await_streaming(config_, repmgr_, view, [] { return asked_to_stop != 0; });
}

// One that followed this primary before, and became one meanwhile, streams from it as soon as it runs: repmgr then says
// that its slot is in use.
void Job::follow(const RejoinView& view) {
  step("repmgr standby follow");
  try {
    steps_.follow(view.primary.id);
  } catch (const std::exception&) {
    if (!is_followed_by(view.primary_conninfo, repmgr_.node_name)) throw;
    step("it streams from " + view.primary.name + " already: only its registration is made anew");
    steps_.register_standby(view.primary.id);
  }
}

void Job::checkpoint(const RejoinView& view) {
  if (!view.plan.checkpoint_first) return;
  step("CHECKPOINT on " + view.primary.name);
  const Instant due = boot_now() + checkpoint_within;
  while (checkpoint_primary(view.primary_conninfo) != view.primary.timeline)
    if (boot_now() > due) throw std::runtime_error(view.primary.name + "'s control file does not show its timeline");
}

void Job::archive(const RejoinView& view) {
  if (request_.wishes.without_archive || view.plan.kind != RejoinKind::rewind) return;
  if (!record_.archive.empty() && access((record_.archive + "/summary.txt").c_str(), F_OK) == 0)
    return step("the diverged log is in " + record_.archive + " already");
  const std::string folder =
      place_.archive_parent + "/" + compact(wall_clock_now()) + "-tl" + std::to_string(view.local.timeline);
  step("copying the diverged log to " + folder);
  archive_wal(view.wal, *view.plan.fork, diverged_segments(view.wal, *view.plan.fork, view.local.after_fork),
              plan_text(view.plan, view.local, view.primary), folder);
  record_.archive = folder;
}

void Job::prove_dead() {
  if (const std::string left = what_still_runs(place_); !left.empty())
    throw std::runtime_error("PostgreSQL runs here: " + left);
  steps_.forget_the_dead();
}

void Job::rewind(const RejoinView& view) {
  if (view.plan.kind == RejoinKind::rewind) {
    checkpoint(view);
    archive(view);
  }
  if (view.plan.recover_first) {
    step("recovering from the crash");
    prove_dead();
    steps_.recover();
  }
  step("repmgr node rejoin, tried");
  prove_dead();
  // Noted before it begins, for nobody can after a power cut.
  record_.rewinding = steps_.try_node_rejoin(view.primary_conninfo);
  step("repmgr node rejoin");
  steps_.node_rejoin(view.primary_conninfo, [this](bool half_way) {
    record_.rewinding = half_way;
    if (const std::string error = write_rejoin_record(record_path_, record_); !error.empty())
      std::cout << "picket rejoin: " << error << std::endl;
  });
}

void Job::clone(const RejoinView& view) {
  const std::string aside = place_.data_directory + before_rejoin + compact(wall_clock_now());
  prove_dead();
  record_.aside = aside;  // on disk before it is true
  step("the old data directory becomes " + aside + ", and a new copy is made of " + view.primary.name);
  steps_.clone(view.primary_conninfo, view.primary.id, aside);
  record_.aside.clear();
  record_.rewinding = false;
  record_.archive = aside;
  step("starting PostgreSQL");
  steps_.start_server();
  step("repmgr standby register");
  steps_.register_standby(view.primary.id);
}

}  // namespace

int run_rejoin_job(const std::string& config_path, std::optional<RejoinRequest> request) {
  // pg_rewind must not be ended half-way because somebody stops the unit: it ends before the next step.
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) signal(number, [](int) { asked_to_stop = 1; });
  try {
    const Config config = load_file(config_path);
    const RepmgrConf repmgr = load_repmgr_conf(config.repmgr.conf);
    // As the owner of the data; where there is none just now, a clone was cut short.
    if (access(guarded_directory(config, repmgr).c_str(), F_OK) == 0)
      become_owner_of(guarded_directory(config, repmgr));
    const Fd lock = lock_rejoin(config.run_directory);
    if (!lock) {
      std::cout << "picket rejoin: another one is under way\n";
      return 3;
    }
    const std::string path = rejoin_request_path(config.run_directory);
    if (auto lies_there = take_rejoin_request(path); !request) request = std::move(lies_there);
    if (!request) throw std::runtime_error(path + " is not there, or makes no sense: type picket rejoin");
    if (const std::string done = undo_cut_clone(config, repmgr, false); !done.empty())
      std::cout << "picket rejoin: " << done << std::endl;
    return Job(config, repmgr, *std::move(request)).run();
  } catch (const std::exception& error) {
    std::cout << "picket rejoin: " << error.what() << std::endl;
    return 1;
  }
}

}  // namespace picket
