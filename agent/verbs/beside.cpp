#include "verbs/beside.hpp"

#include <unistd.h>

#include <climits>

namespace picket {

std::string beside_this(const std::string& program) {
  char self[PATH_MAX] = {};
  const std::string path = readlink("/proc/self/exe", self, sizeof self - 1) < 0 ? "/usr/bin/picket" : self;
  return path.substr(0, path.rfind('/') + 1) + program;
}

}  // namespace picket
