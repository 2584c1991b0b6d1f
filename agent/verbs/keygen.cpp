#include <iostream>

#include "peers/key.hpp"
#include "verbs/verbs.hpp"

namespace picket {

int verb_keygen(const std::string& path) {
  const ClusterKey key = random_key();
  if (path.empty()) {
    std::cout << key_text(key) << "\n";
    return std::cout.flush() ? 0 : 2;
  }
  if (const std::string error = create_key_file(path, key); !error.empty()) {
    std::cerr << "picket: " << error << "\n";
    return 2;
  }
  std::cout << path
            << ": copy this file to every other node, with its owner and mode, over a connection that nobody reads\n";
  return 0;
}

}  // namespace picket
