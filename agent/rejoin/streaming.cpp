#include "rejoin/streaming.hpp"

#include <unistd.h>

#include <stdexcept>

#include "loop/loop.hpp"
#include "rejoin/primary.hpp"
#include "settings.hpp"

namespace picket {
namespace {

constexpr Millis streams_within{600'000};

}  // namespace

void await_streaming(const Config& config, const RepmgrConf& repmgr, const RejoinView& view,
                     const std::function<bool()>& stop) {
  const Instant due = boot_now() + streams_within;
  std::string last;
  while (boot_now() < due) {
    try {
      BlockingSession session(local_conninfo(config, repmgr));
      const Row row = session
                          .rows(
                              "select pg_is_in_recovery(), (select received_tli from pg_stat_wal_receiver "
                              "where status = 'streaming')")
                          .at(0);
      if (row.at(0) != "t") throw std::runtime_error("this node is not in recovery");
      if (row.at(1) == std::to_string(view.primary.timeline)) return;
      // A role that may not see its own receiver: the primary does.
      if (!row.at(1) && is_followed_by(view.primary_conninfo, repmgr.node_name)) return;
      last = "it does not stream from " + view.primary.name + " yet";
    } catch (const std::exception& error) {
      last = error.what();
    }
    if (stop()) break;
    usleep(200'000);
  }
  throw std::runtime_error("PostgreSQL was started, and " + last);
}

}  // namespace picket
