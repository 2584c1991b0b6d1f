#include "loop/read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "loop/fd.hpp"

namespace picket {

std::optional<std::string> read_file(const std::string& path) {
  const Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return {};
  std::string text;
  std::array<char, 16384> bytes;
  for (;;) {
    const ssize_t got = read(fd.get(), bytes.data(), bytes.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    text.append(bytes.data(), static_cast<size_t>(got));
  }
}

}  // namespace picket
