#include "loop/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace picket {
namespace {

std::string name_of(const std::string& setting) { return setting.substr(0, setting.find('=') + 1); }

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::vector<std::string>& settings) {
  std::vector<std::string> all = settings;
  for (char** one = environ; *one; ++one)
    if (std::ranges::none_of(settings, [&](const auto& s) { return name_of(s) == name_of(*one); }))
      all.emplace_back(*one);
  return all;
}

}  // namespace

int start_program(const Start& start, pid_t& child) {
  const std::vector<std::string> environment = environment_with(start.environment);
  posix_spawnattr_t how;
  posix_spawn_file_actions_t files;
  posix_spawnattr_init(&how);
  posix_spawn_file_actions_init(&files);
  // A group of its own, to be killed as one; and what we ignore or block is not its affair.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (start.output >= 0)
    for (const int standard : {STDOUT_FILENO, STDERR_FILENO})
      posix_spawn_file_actions_adddup2(&files, start.output, standard);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&files, "/");
  const int error = posix_spawnp(&child, start.words.front().c_str(), &files, &how, pointers(start.words).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  return error;
}

}  // namespace picket
