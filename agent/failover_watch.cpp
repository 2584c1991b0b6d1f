#include "failover_watch.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "lease/keeper.hpp"
#include "loop/read_file.hpp"

namespace picket {

FailoverWatch::FailoverWatch(Loop& loop, Worker& disk, const Config& config, const RepmgrConf& first)
    : disk_(disk), config_(config), each_(loop, [this] { look(); }) {
  judge(first);
  each_.every(every);
}

void FailoverWatch::look() {
  if (std::exchange(looking_, true)) return;
  struct Found {
    std::string text, error;
  };
  auto found = std::make_shared<Found>();
  const std::string path = config_.repmgr.conf;
  disk_.run(
      [found, path] {
        if (auto text = read_file(path))
          found->text = std::move(*text);
        else
          found->error = path + ": cannot be read: " + std::strerror(errno);
      },
      [this, found, watch = lifetime_.watch()] {
        if (watch.expired()) return;
        looking_ = false;
        if (found->error.empty()) return take(found->text);
        problems_ = {found->error};
        last_.clear();
      });
}

void FailoverWatch::take(const std::string& text) {
  if (text == last_) return;
  last_ = text;
  try {
    judge(parse_repmgr_conf(text, config_.repmgr.conf));
  } catch (const RepmgrConfError& error) {
    problems_ = {error.what()};
  }
}

void FailoverWatch::judge(const RepmgrConf& repmgr) {
  times_ = failover_times(repmgr);
  problems_.clear();
  for (const TimingFault& fault : timing_faults(config_, timing_of(config_), repmgr, config_.repmgr.conf))
    problems_.push_back(fault.sentence);
}

}  // namespace picket
