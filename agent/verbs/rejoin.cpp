#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <iostream>

#include "verbs/verbs.hpp"

namespace picket {

int verb_rejoin(const Context& context, const std::vector<std::string>& options) {
  // The programs are installed side by side; this one stays without libpq.
  char self[PATH_MAX] = {};
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) std::strcpy(self, "/usr/bin/picket");
  const std::string path = self;
  const std::string program = path.substr(0, path.rfind('/')) + "/picketd";
  std::vector<std::string> words{"picket-rejoin", "--config", context.config_path, "--rejoin"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  std::cerr << "picket: " << program << ": " << std::strerror(errno) << "\n";
  return 3;
}

}  // namespace picket
