#include "inquiry.hpp"

#include <memory>
#include <vector>

#include "loop/loop.hpp"
#include "loop/worker.hpp"
#include "offline.hpp"
#include "postgres/probe.hpp"
#include "settings.hpp"

namespace picket {

Inquiry::Inquiry(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory)
    : config_(config),
      repmgr_(repmgr),
      began_(boot_now()),
      board_(offline_board(config, repmgr, data_directory, began_)) {}

void Inquiry::ask(const std::function<bool()>& done, Millis within, bool here) {
  Loop loop;
  Worker names(loop);
  std::unique_ptr<Probe> own;
  if (here) own = std::make_unique<Probe>(loop, names, local_probe_options(config_, repmgr_), [] {});
  std::vector<std::unique_ptr<Probe>> others;
  for (const Peer& peer : board_.peers)
    others.push_back(std::make_unique<Probe>(loop, names, peer_probe_options(config_, peer.node), [] {}));
  loop.run_until(
      [&] {
        if (own) board_.server = own->view();
        for (size_t i = 0; i < others.size(); ++i) board_.peers[i].server = others[i]->view();
        return done();
      },
      within - (boot_now() - began_));
}

Horizon Inquiry::horizon() const { return {.now = boot_now(), .valid_from = began_, .primary_since = {}}; }

}  // namespace picket
