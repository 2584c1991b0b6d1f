// picketd, the daemon: reads its configuration, opens its faces, and runs the loop until it is told to stop.

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "agent.hpp"
#include "commands.hpp"
#include "control.hpp"
#include "faces.hpp"
#include "log.hpp"
#include "offline.hpp"
#include "rejoin/command.hpp"
#include "report/words.hpp"
#include "settings.hpp"
#include "start_gate.hpp"
#include "timing.hpp"
#include "version.hpp"

namespace {

using namespace picket;

constexpr int exit_config = 78;  // EX_CONFIG, sysexits.h; the unit does not restart after it

/// What a mistake in a file is called, whatever the file.
struct BadConfiguration : std::runtime_error {
  using std::runtime_error::runtime_error;
};

RepmgrConf read_repmgr_conf(const std::string& path) {
  RepmgrConf conf = load_repmgr_conf(path);
  for (const auto& warning : conf.warnings) log(Priority::warning, warning);
  return conf;
}

Priority priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return Priority::debug;
    case LogLevel::warning: return Priority::warning;
    case LogLevel::error: return Priority::error;
    case LogLevel::info: break;
  }
  return Priority::info;
}

/// A second agent on this node would close the gate that the first holds open, and take its sockets. The lock goes with
/// the process, however that ends.
Fd lock_run_directory(const std::string& folder) {
  Fd fd{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) throw std::runtime_error("run_directory " + folder + ": " + std::strerror(errno));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) throw std::runtime_error("another picketd runs on this node: it has locked " + folder);
  throw std::runtime_error("run_directory " + folder + ": cannot be locked: " + std::strerror(errno));
}

/// What the log is told beside the verdicts and their alarms, which the recorder has anyway, is noted with them.
class Noted {
 public:
  explicit Noted(FlightRecorder& recorder) {
    set_log_witness([&recorder](Priority priority, std::string_view message, const LogFields& fields) {
      const bool verdict = std::ranges::any_of(fields, [](const auto& field) { return field.first == "PICKET_RULE"; });
      if (priority <= Priority::notice && !verdict && !message.starts_with("alarm: "))
        recorder.note(std::string(message), boot_now());
    });
  }
  ~Noted() { set_log_witness({}); }
  Noted(const Noted&) = delete;
  Noted& operator=(const Noted&) = delete;
};

/// What every picketd has, whatever it watches. SIGTERM is blocked before the first thread begins.
struct Stage {
  explicit Stage(const Config& config)
      : lock(lock_run_directory(config.run_directory)),
        on_term(loop, SIGTERM, [this] { loop.exit(0); }),
        on_int(loop, SIGINT, [this] { loop.exit(0); }),
        names(loop),
        notify(loop),
        recorder(loop, config.state_directory + "/flight.rec", config.flight_recorder),
        noted(recorder) {}

  const Fd lock;
  Loop loop;
  const OnSignal on_term, on_int;
  Worker names;  ///< the name service may hang
  Notify notify;
  FlightRecorder recorder;
  const Noted noted;
};

/// Opens the faces and runs until it is told to stop. `what` it does, for the log.
template <typename AnyAgent>
int serve(Stage& stage, const Config& config, AnyAgent& agent, const std::string& what) {
  const Faces faces(stage.loop, config, [&] { return agent.snapshot(); });
  const Control control(stage.loop, config.run_directory + "/control.sock",
                        [&](const ControlRequest& request) { return command(agent, request); });
  log(Priority::notice, std::string("picketd ") + version + " " + what + ", health on port " +
                            std::to_string(faces.port()) + (faces.others().empty() ? "" : "; " + faces.others()));
  stage.notify.ready("looking");
  const int code = stage.loop.run();
  stage.notify.stopping();
  return code;
}

int run_witness(const Config& config) {
  Stage stage(config);
  Witness witness(stage.loop, stage.names, stage.notify, stage.recorder, config);
  return serve(stage, config, witness,
               "votes as node " + std::to_string(config.node_id) + ", a witness of " +
                   std::to_string(config.lease.voters.size()) + " voters");
}

int run(const std::string& path) {
  Config config = load_file(path);
  set_log_limit(priority_of(config.log_level));
  if (config.role == HostRole::witness) return run_witness(config);
  const RepmgrConf repmgr = read_repmgr_conf(config.repmgr.conf);
  fit_to_repmgrd(config.policy, repmgr);
  if (const std::string why = wrong_with_lease(config, repmgr); !why.empty()) throw BadConfiguration(path + ": " + why);
  // With such times nobody is promoted, and else nothing is wrong: a voter that has voted before is not taken from the
  // others for it, least of all by an upgrade on all hosts. Then it is a problem that is told (failover_watch.hpp).
  const bool voted = access(promise_path(config).c_str(), F_OK) == 0;
  for (const TimingFault& fault : timing_faults(config, timing_of(config), repmgr, config.repmgr.conf))
    if (fault.refuse && !voted) throw BadConfiguration(fault.sentence);

  Stage stage(config);
  // Threads for what may hang: the data disk, and the disk of the marker.
  Worker disk(stage.loop), marker_disk(stage.loop);
  Bus bus(stage.loop, "", {});
  Agent agent(stage.loop, disk, marker_disk, stage.names, bus, stage.notify, stage.recorder, config, repmgr);
  return serve(stage, config, agent,
               "watches node " + std::to_string(repmgr.node_id) + " (" + repmgr.node_name + ") at level " +
                   std::string(word(config.policy.level)));
}

}  // namespace

int main(int argc, char** argv) {
  std::string path = "/etc/picket/picket.toml";
  std::string gate_instance;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--version") {
      std::cout << "picketd " << picket::version << "\n";
      return 0;
    }
    if (argument == "--config" && i + 1 < argc) {
      path = argv[++i];
      continue;
    }
    if (argument == "--gate-start" && i + 1 < argc) {
      gate_instance = argv[++i];
      continue;
    }
    if (argument == "--rejoin") {
      setenv("LC_ALL", "C", 1);
      picket::RejoinOptions options;
      if (picket::parse_rejoin_arguments(argc - i - 1, argv + i + 1, options)) return picket::run_rejoin(path, options);
    }
    std::cerr << "usage: picketd [--config FILE] [--version]\n";
    return 2;
  }
  setenv("LC_ALL", "C", 1);  // the words of libpq and the C library in one language
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);  // nothing is read again; a stray one must not end the agent
  if (!gate_instance.empty()) return picket::run_start_gate(path, gate_instance);
  try {
    return run(path);
  } catch (const picket::ConfigError& error) {
    picket::log(picket::Priority::error, error.what());
  } catch (const picket::RepmgrConfError& error) {
    picket::log(picket::Priority::error, error.what());
  } catch (const BadConfiguration& error) {
    picket::log(picket::Priority::error, error.what());
  } catch (const picket::CannotVote& error) {
    picket::log(picket::Priority::error, error.what());
  } catch (const std::exception& error) {
    picket::log(picket::Priority::error, std::string("stopped by an error: ") + error.what());
    return 1;
  }
  return exit_config;
}
