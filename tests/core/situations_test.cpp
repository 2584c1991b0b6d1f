// Plays every transcript of tests/situations and compares what decide() says with what is written there.
// PICKET_REWRITE=1 writes the answers anew; commit only a difference that you understand.
//
// A transcript is seen from pg1. `#` is a comment. `nodes 3 primary pg2` comes first. `t=+5s WHAT; WHAT` changes facts,
// then time passes up to the next such line; every changed verdict of that time stands below it, indented. The rest of
// the node does as it is told, as the daemon would: a stop writes the marker and the server is dead half a second
// later.

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <sstream>

#include "core/boards.hpp"

namespace picket {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    parts.push_back(part);
  }
  return parts;
}

Millis milliseconds(const std::string& text) {
  double number = 0;
  std::string unit;
  std::istringstream(text) >> number >> unit;
  if (unit != "s" && unit != "ms" && unit != "min") throw std::runtime_error("no duration: " + text);
  return Millis{static_cast<int64_t>(number * (unit == "s" ? 1000 : unit == "min" ? 60'000 : 1))};
}

int node_of(const std::string& name) { return std::stoi(name.substr(2)); }

class Transcript {
 public:
  /// The same text with the answers of today.
  std::string play(const std::string& text);

 private:
  void change(const std::string& what);
  void change_server(int node, const std::string& what);
  void change_agent(const std::string& what);
  void pass(Millis duration);
  void obey();
  void write(const Verdict& verdict);

  std::unique_ptr<Watcher> w_;
  Instant begin_{};
  std::optional<Verdict> written_;
  std::optional<Instant> dies_, starts_, ready_;
  ServerFacts before_;  ///< what the server was when it died
  std::string out_;
};

void Transcript::change_server(int node, const std::string& what) {
  static const std::map<std::string, Says> answers{{"answers", Says::ok},
                                                   {"silent", Says::silent},
                                                   {"postmaster frozen", Says::frozen},
                                                   {"refused", Says::refused},
                                                   {"full", Says::full},
                                                   {"unreachable", Says::unreachable},
                                                   {"locked out", Says::locked_out},
                                                   {"starting", Says::starting},
                                                   {"stopping", Says::stopping}};
  if (const auto answer = answers.find(what); answer != answers.end()) return w_->says(node, answer->second);
  std::istringstream in(what);
  std::string verb, argument;
  in >> verb >> argument;
  if (verb == "primary") return w_->become_primary(node, static_cast<uint32_t>(std::stoul(argument.substr(3))));
  if (verb == "follows") return w_->follow(node, argument == "nobody" ? 0 : node_of(argument));
  if (verb == "deaf") return w_->deafen(node);
  if (verb == "dead") return w_->local_dead(argument.empty() ? 0 : std::stoi(argument.substr(10)));
  if (verb == "crashed") {
    w_->local_dead(argument.empty() ? 0 : std::stoi(argument.substr(10)));
    w_->board.postmaster.left_pid_file = true;
    return;
  }
  if (verb == "started") {
    w_->local_new_postmaster();
    return w_->says(node, Says::ok);
  }
  if (verb == "witness") {
    if (node == 1)
      w_->board.self_is_witness = true;
    else
      w_->peer(node).node.type = Node::Type::witness;
    w_->become_primary(node, 1);
    w_->facts(node).system_identifier = 1;
    return;
  }
  throw std::runtime_error("a server cannot be told: " + what);
}

void Transcript::change_agent(const std::string& what) {
  std::istringstream in(what);
  std::string verb, argument;
  in >> verb >> argument;
  if (verb == "sleeps") return w_->sleep(milliseconds(argument));
  if (verb == "restarts") return w_->restart_agent();
  throw std::runtime_error("the agent cannot be told: " + what);
}

void Transcript::change(const std::string& what) {
  const auto colon = what.find(": ");
  if (colon == std::string::npos) throw std::runtime_error("not understood: " + what);
  const std::string who = what.substr(0, colon);
  const std::string rest = what.substr(colon + 2);
  if (who == "agent") return change_agent(rest);
  if (who == "keepalived") {
    w_->board.keepalived.state = rest == "dead" ? KeepalivedFacts::State::dead : KeepalivedFacts::State::alive;
    return;
  }
  if (who == "address") {
    w_->board.address.state = rest == "here" ? AddressFacts::State::present : AddressFacts::State::absent;
    w_->board.address.address = "10.0.0.100";
    return;
  }
  if (who == "marker") {
    if (rest == "unreadable") w_->board.marker = {.state = MarkerFacts::State::malformed, .why = "line 1: not JSON"};
    if (rest != "unreadable") w_->fenced({rest});
    w_->board.marker.sentence = "as it was written then";
    return;
  }
  for (const std::string& name : split(who, ' ')) change_server(node_of(name), rest);
}

void Transcript::write(const Verdict& verdict) {
  Verdict bare = verdict;
  bare.alarms.clear();
  std::ostringstream line;
  line << "    " << std::fixed << std::setprecision(2) << static_cast<double>((w_->now - begin_).count()) / 1000.0
       << "s  " << line_of(bare) << "\n";
  for (const auto& alarm : verdict.alarms) line << "           ! " << alarm << "\n";
  out_ += line.str();
}

// What the daemon and the machine do about a verdict.
void Transcript::obey() {
  const Verdict& v = w_->verdict;
  if (v.reason != FenceReason::none) {
    auto& marker = w_->board.marker;
    const std::string reason{word(v.reason)};
    if (marker.state != MarkerFacts::State::fenced)
      marker = {.state = MarkerFacts::State::fenced, .sentence = v.sentence, .timeline = v.timeline};
    if (std::ranges::find(marker.reasons, reason) == marker.reasons.end()) marker.reasons.push_back(reason);
  }
  if (v.clear_marker) w_->board.marker = {.state = MarkerFacts::State::none};
  if (v.action == Action::kill_rest) w_->board.postmaster.survivors = 0;
  if ((v.action == Action::stop_fast || v.action == Action::stop_now) && !dies_) dies_ = w_->now + Millis{500};
  if (v.action == Action::start && !starts_) starts_ = w_->now + Millis{500};
  if (dies_ && w_->now >= *dies_) {
    dies_.reset();
    before_ = w_->facts(1);
    w_->local_dead();
  }
  if (starts_ && w_->now >= *starts_) {
    starts_.reset();
    w_->board.postmaster.pid = 100;
    w_->local_new_postmaster();
    w_->says(1, Says::starting);
    ready_ = w_->now + Millis{1000};
  }
  if (ready_ && w_->now >= *ready_) {
    ready_.reset();
    w_->says(1, Says::ok);
  }
}

void Transcript::pass(Millis duration) {
  for (const Instant end = w_->now + duration; w_->now < end;) {
    w_->tick(std::min(Millis{250}, end - w_->now));
    if (!written_ || !(*written_ == w_->verdict)) write(w_->verdict);
    written_ = w_->verdict;
    obey();
  }
}

std::string Transcript::play(const std::string& text) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(" ")) continue;  // an answer of yesterday
    if (line.starts_with("t=+")) {
      const auto space = line.find(' ');
      pass(milliseconds(line.substr(3, space - 3)));
      out_ += line + "\n";
      if (space != std::string::npos)
        for (const auto& what : split(line.substr(space + 1), ';')) change(what);
      continue;
    }
    if (line.starts_with("nodes ")) {
      std::istringstream words(line);
      std::string nodes, count, primary, name;
      words >> nodes >> count >> primary >> name;
      w_ = std::make_unique<Watcher>(std::stoi(count), node_of(name));
      begin_ = w_->now;
    }
    out_ += line + "\n";
  }
  return out_;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(PICKET_SOURCE_DIR "/tests/situations"))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

class Situation : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Situation, IsJudgedAsWritten) {
  const std::string expected = read(GetParam());
  const std::string actual = Transcript().play(expected);
  if (std::getenv("PICKET_REWRITE") != nullptr) std::ofstream(GetParam()) << actual;
  EXPECT_EQ(actual, std::getenv("PICKET_REWRITE") != nullptr ? actual : expected);
}

INSTANTIATE_TEST_SUITE_P(All, Situation, testing::ValuesIn(transcripts()),
                         [](const auto& given) { return given.param.stem().string(); });

}  // namespace
}  // namespace picket
