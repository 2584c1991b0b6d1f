#include "log.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "loop/fd.hpp"

namespace picket {
namespace {

Priority limit_ = Priority::info;
std::function<void(Priority, std::string_view, const LogFields&)> witness_;

bool under_systemd() {
  static const bool answer = getenv("JOURNAL_STREAM") != nullptr;
  return answer;
}

// The journal's own datagram protocol (systemd.io, "Native Journal Protocol"): NAME=value lines. Not
// sd_journal_sendv(3), which waits while journald does not read: a sick log disk must not keep the agent from fencing.
// A full socket costs the line.
void to_journal(const std::string& text) {
  static const Fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string("/run/systemd/journal/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address),
         sizeof address);
}

void add(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += '=';
  for (char c : value) text += c == '\n' ? ' ' : c;  // a line end would end the value
  text += '\n';
}

}  // namespace

void set_log_limit(Priority limit) { limit_ = limit; }

void set_log_witness(std::function<void(Priority, std::string_view, const LogFields&)> witness) {
  witness_ = std::move(witness);
}

void log(Priority priority, std::string_view message, const LogFields& fields) {
  if (witness_) witness_(priority, message, fields);
  if (priority > limit_) return;
  if (!under_systemd()) {
    fprintf(stderr, "picketd: %.*s\n", static_cast<int>(message.size()), message.data());
    return;
  }
  std::string text;
  add(text, "MESSAGE", message);
  add(text, "PRIORITY", std::to_string(static_cast<int>(priority)));
  add(text, "SYSLOG_IDENTIFIER", "picketd");
  for (const auto& [name, value] : fields) add(text, name, value);
  to_journal(text);
}

}  // namespace picket
