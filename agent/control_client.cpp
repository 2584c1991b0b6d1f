#include "control_client.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "loop/fd.hpp"

namespace picket {

sockaddr_un control_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + ": too long for a socket path");
  path.copy(address.sun_path, path.size());
  return address;
}

ControlReply ask_daemon(const std::string& path, const std::vector<std::string>& words, Millis patience) {
  const sockaddr_un address = control_address(path);
  Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  std::string line;
  for (std::string word : words) {
    std::ranges::replace(word, '\n', ' ');
    std::ranges::replace(word, '\t', ' ');  // stands between words
    line += (line.empty() ? "" : "\t") + word;
  }
  line += '\n';
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0)
    throw std::runtime_error("picketd does not answer at " + path + ": " + strerror(errno));
  std::string answer;
  char buffer[4096];
  ssize_t got;
  while ((got = recv(fd.get(), buffer, sizeof buffer, 0)) > 0) answer.append(buffer, static_cast<size_t>(got));
  const size_t end = answer.find('\n');
  if (got < 0 || end == std::string::npos || end == 0 || end > 3)
    throw std::runtime_error("picketd does not answer at " + path + (got < 0 ? ": it took too long" : ": it hung up"));
  return {atoi(answer.c_str()), answer.substr(end + 1)};
}

}  // namespace picket
