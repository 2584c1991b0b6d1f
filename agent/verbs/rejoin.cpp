#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "verbs/beside.hpp"
#include "verbs/verbs.hpp"

namespace picket {

int verb_rejoin(const Context& context, const std::vector<std::string>& options) {
  const std::string program = beside_this("picketd");
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
