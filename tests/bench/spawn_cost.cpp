// What a program costs that is started again and again, as a track script is: processor time of each command, user and
// system, interleaved with the others. Usage: spawn_cost ROUNDS COMMAND... (a command is one argument, words parted by
// blanks); prints the median in microseconds, its ratio to the first command, and the exit status.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Command {
  std::string text;
  std::vector<std::string> words;
  std::vector<long> microseconds;
  int status = -1;
};

long run(Command& command, char** environment) {
  std::vector<char*> arguments;
  for (std::string& word : command.words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1 /* O_WRONLY */, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
  pid_t pid = -1;
  if (posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environment) != 0) return -1;
  posix_spawn_file_actions_destroy(&actions);
  rusage used{};
  int status = 0;
  wait4(pid, &status, 0, &used);
  command.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const auto us = [](const timeval& t) { return t.tv_sec * 1'000'000 + t.tv_usec; };
  return us(used.ru_utime) + us(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv, char** environment) {
  std::vector<Command> commands;
  for (int i = 2; i < argc; ++i) {
    commands.push_back({argv[i], {}, {}, -1});
    std::istringstream words(argv[i]);
    for (std::string word; words >> word;) commands.back().words.push_back(word);
  }
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 0;
  if (rounds < 1 || commands.empty()) {
    std::fprintf(stderr, "usage: spawn_cost ROUNDS COMMAND...\n");
    return 2;
  }
  for (int round = 0; round < rounds; ++round)
    for (Command& command : commands) command.microseconds.push_back(run(command, environment));
  double first = 0;
  for (Command& command : commands) {
    std::ranges::sort(command.microseconds);
    const auto median = static_cast<double>(command.microseconds[command.microseconds.size() / 2]);
    if (first == 0) first = median;
    std::printf("%8.0f us  %6.2fx  exit %d  %s\n", median, median / first, command.status, command.text.c_str());
  }
}
