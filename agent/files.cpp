#include "files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "loop/fd.hpp"

namespace picket {

std::string write_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string temporary = path + ".new";
  Fd fd{open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
  const bool written = fd && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || rename(temporary.c_str(), path.c_str()) != 0) return path + ": " + strerror(errno);
  return "";
}

}  // namespace picket
