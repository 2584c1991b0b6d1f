// picket, the command line: `picket VERB`. Most verbs ask the daemon over its control socket.

#include <CLI/CLI.hpp>

#include "flight/what_if.hpp"
#include "verbs/gate_wait.hpp"
#include "verbs/verbs.hpp"
#include "version.hpp"

int main(int argc, char** argv) {
  using namespace picket;
  Context context;
  int result = 0;
  CLI::App app{"picket keeps a PostgreSQL cluster honest: ask the agent of this node"};
  app.set_version_flag("--version", std::string("picket ") + version);
  app.add_option("--config", context.config_path, "the configuration file")->capture_default_str();
  app.add_option("--socket", context.socket_path, "the control socket of picketd")->capture_default_str();
  app.require_subcommand(1);

  bool as_json = false, watch = false;
  auto* status = app.add_subcommand("status", "what this node is, why, and what its peers say");
  status->add_flag("--json", as_json, "the same JSON as GET /status");
  status->add_flag("--watch", watch, "again every second");
  status->callback([&] { result = verb_status(context, as_json, watch); });

  std::string what;
  auto* check = app.add_subcommand("check", "Keepalived track script: exit 0 if this node is that");
  check->add_option("what", what, "primary, standby or alive")->required();
  check->callback([&] { result = verb_check(context, what); });

  std::vector<std::string> words;
  auto* notify = app.add_subcommand("notify", "Keepalived notify script");
  notify->add_option("words", words, "INSTANCE NAME STATE PRIORITY, or master|backup|fault|stop")->required();
  notify->callback([&] { result = verb_notify(context, words); });

  ExplainOptions explained;
  auto* explain = app.add_subcommand("explain", "how the verdict came about: now, in the past, or if ...");
  explain->add_flag("--history", explained.history, "decide again what flight.rec holds, and show it; needs no daemon");
  explain->add_option("file", explained.file, "the same from a copy of flight.rec");
  explain->add_option("--last", explained.last, "the last so many verdicts (20), 0 for all");
  explain->add_option("--since", explained.since, "what is younger than 10min, 2h, ...");
  explain->add_flag("--json", explained.as_json, "the history as one JSON object a line");
  explain->add_option("--what-if", explained.what_if,
                      "what would be decided here; nothing is done. " + std::string(what_if_words()));
  explain->add_option("--for", explained.length, "how far ahead --what-if looks (15s)");
  explain->callback([&] { result = verb_explain(context, explained); });

  std::string why;
  auto* fence = app.add_subcommand("fence", "stop a primary here and keep it stopped");
  fence->add_option("--reason", why, "for the marker and the journal");
  fence->callback([&] { result = verb_fence(context, why); });
  auto* unfence = app.add_subcommand("unfence", "lift the fence marker; starts nothing");
  bool accepted = false;
  unfence->add_flag("--i-accept", accepted, "lift a stale marker too, whatever is lost by it");
  unfence->callback([&] { result = verb_unfence(context, accepted); });

  auto* maintenance = app.add_subcommand("maintenance", "planned work here: readers drain, nothing is started");
  maintenance->require_subcommand(1);
  std::string length = "30m", work;
  auto* begin = maintenance->add_subcommand("on", "from now on, until its time has passed");
  begin->add_option("--for", length, "30s, 20m, 2h; at most 24h")->capture_default_str();
  begin->add_option("--reason", work, "for the journal and everybody who asks")->required();
  begin->callback([&] { result = verb_maintenance(context, true, length, work); });
  maintenance->add_subcommand("off", "ends it now")->callback([&] {
    result = verb_maintenance(context, false, "", "");
  });

  bool rejoin_dry = false, rejoin_yes = false, rejoin_clone = false, rejoin_bare = false, rejoin_run = false;
  std::string rejoin_primary;
  auto* rejoin = app.add_subcommand("rejoin", "bring an old primary back as a standby: shows the plan, and asks");
  rejoin->add_flag("--dry-run", rejoin_dry, "show the plan, try what can be tried, change nothing");
  rejoin->add_flag("--yes", rejoin_yes, "do not ask");
  rejoin->add_flag("--clone", rejoin_clone, "make a new copy, whatever pg_rewind could do");
  rejoin->add_flag("--without-archive", rejoin_bare, "do not keep what only this node has written");
  rejoin->add_option("--primary", rejoin_primary, "the node to follow, where no majority shows it");
  rejoin->add_flag("--run", rejoin_run,
                   "what picket-rejoin.service runs: the request that lies there; with --yes, this one, here and now");
  rejoin->callback([&] {
    std::vector<std::string> options;
    for (const auto& [given, option] :
         std::initializer_list<std::pair<bool, const char*>>{{rejoin_dry, "--dry-run"},
                                                             {rejoin_yes, "--yes"},
                                                             {rejoin_clone, "--clone"},
                                                             {rejoin_bare, "--without-archive"},
                                                             {rejoin_run, "--run"}})
      if (given) options.emplace_back(option);
    if (!rejoin_primary.empty()) options.insert(options.end(), {"--primary", rejoin_primary});
    result = verb_rejoin(context, options);
  });

  std::string key_path;
  auto* keygen = app.add_subcommand("keygen", "make a cluster key, the same file for every node");
  keygen->add_option("file", key_path, "a new file, such as /etc/picket/cluster.key; standard output without it");
  keygen->callback([&] { result = verb_keygen(key_path); });

  auto* gate = app.add_subcommand("gate", "what systemd and repmgr call");
  gate->require_subcommand(1);
  gate->add_subcommand("close", "close Keepalived's gate, without the daemon")->callback([&] {
    result = verb_gate_close(context);
  });

  std::string instance;
  auto* start = gate->add_subcommand("start", "before a start of PostgreSQL: exit 0 if it may");
  start->add_option("instance", instance, "VERSION-NAME as in postgresql@VERSION-NAME.service, or the data directory")
      ->required();
  start->callback([&] { result = verb_gate_start(context, instance); });
  gate->add_subcommand("allow-once", "let one start pass that the gate would refuse")->callback([&] {
    result = verb_gate_allow_once(context);
  });

  unsigned vote_within = default_gate_wait;
  auto* vote =
      gate->add_subcommand("vote", "repmgr's failover_validation_command: exit 0 if this standby may be promoted");
  vote->add_option("--within", vote_within, "seconds to wait for the lease")->check(CLI::Range(0U, longest_gate_wait));
  vote->allow_extras()->callback([&] { result = verb_gate_vote(context, std::chrono::seconds(vote_within)); });

  std::vector<std::string> promotion;
  unsigned promote_within = default_gate_wait;
  auto* promote =
      gate->add_subcommand("promote", "repmgr's promote_command: runs COMMAND if this standby may be promoted");
  promote->add_option("--within", promote_within, "seconds to wait for the lease")
      ->check(CLI::Range(0U, longest_gate_wait));
  promote->add_option("command", promotion, "after --: what promotes it")->required();
  promote->callback([&] { result = verb_gate_promote(context, std::chrono::seconds(promote_within), promotion); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return result;
}
