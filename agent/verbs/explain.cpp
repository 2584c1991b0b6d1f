// `picket explain`: the verdict of now from the daemon, those of the past from the recording, and those of a supposed
// future from the facts of now.

#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "config/config.hpp"
#include "config/values.hpp"
#include "control_client.hpp"
#include "flight/history.hpp"
#include "flight/ring_file.hpp"
#include "flight/what_if.hpp"
#include "verbs/verbs.hpp"

namespace picket {
namespace {

constexpr size_t shown_by_default = 20;
constexpr Millis longest_play{3'600'000};

/// The configured places and paces; the default ones should the file be the very thing that is wrong.
Config configuration(const Context& context) {
  try {
    return load_file(context.config_path);
  } catch (const ConfigError& error) {
    std::cerr << "picket: " << error.what() << "; going on with the defaults\n";
    return {};
  }
}

/// "10min" and "90s" alike.
std::optional<Millis> span(std::string text) {
  if (text.ends_with("min")) text.resize(text.size() - 2);
  return parse_duration(text);
}

int wrong(const std::string& what) {
  std::cerr << "picket: " << what << "\n";
  return 2;
}

int now(const Context& context) {
  const int status = ask_and_print(context, {"explain"});
  if (status == 3) std::cerr << "what it did before: picket explain --history\n";
  return status;
}

int past(const Context& context, const ExplainOptions& given) {
  HistoryOptions options{.last = given.last.value_or(given.since.empty() ? shown_by_default : 0),
                         .as_json = given.as_json};
  if (!given.since.empty()) {
    const auto back = span(given.since);
    if (!back) return wrong("--since: must be a duration with its unit, such as 10min, 90s or 2h");
    timeval time{};
    gettimeofday(&time, nullptr);
    options.since_ms = time.tv_sec * 1000 + time.tv_usec / 1000 - back->count();
  }
  const std::string path = given.file.empty() ? configuration(context).state_directory + "/flight.rec" : given.file;
  const auto bytes = read_ring_file(path);
  if (!bytes) {
    std::cerr << "picket: " << path << ": " << std::strerror(errno)
              << (errno == EACCES ? "; it is for root, postgres and their group" : "") << "\n";
    return 3;
  }
  const History history = read_history(*bytes);
  if (!history.error.empty()) {
    std::cerr << "picket: " << path << ": " << history.error << "\n";
    return 3;
  }
  const HistoryText text = history_text(history, options, path);
  std::cout << text.text;
  return text.agrees ? 0 : 1;
}

int supposed(const Context& context, const ExplainOptions& given) {
  WhatIfOptions options;
  if (!given.length.empty()) {
    const auto length = span(given.length);
    if (!length || *length <= Millis{0} || *length > longest_play)
      return wrong("--for: must be a duration of at most an hour, such as 15s or 2min");
    options.length = *length;
  }
  const Config config = configuration(context);
  options.poll = config.postgresql.poll;
  options.local = {.patience = config.postgresql.fresh_deadline, .fresh_every = config.postgresql.fresh_every};
  options.peers.patience = config.postgresql.session_deadline;
  const ControlReply reply = ask_daemon(context.socket_path, {"facts"}, Millis{2000});
  if (reply.status != 0) {
    std::cerr << "picket: " << reply.text;
    return reply.status;
  }
  std::vector<std::string> unlike;
  const FlightRecord live = decode(reply.text, unlike);
  for (const auto& field : unlike)
    std::cerr << "picket: the daemon is another version (" << live.version << "): " << field << "\n";
  const WhatIf answer = what_if(live, given.what_if, options);
  if (!answer.error.empty()) return wrong("--what-if: " + answer.error);
  std::cout << what_if_text(answer, live.policy.level);
  return 0;
}

}  // namespace

int verb_explain(const Context& context, const ExplainOptions& options) {
  try {
    if (!options.what_if.empty()) return supposed(context, options);
    if (options.history || !options.file.empty()) return past(context, options);
    return now(context);
  } catch (const std::exception& error) {
    std::cerr << "picket: " << error.what() << "\n";
    return 3;
  }
}

}  // namespace picket
