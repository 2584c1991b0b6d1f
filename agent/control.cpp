#include "control.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace picket {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words(1);
  for (char c : line) {
    if (c == '\t')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

}  // namespace

struct Control::Client {
  Fd fd;
  std::string input, output;
  bool answered = false;
  std::unique_ptr<Io> io;
  std::unique_ptr<Timer> timer;
};

Control::Control(Loop& loop, std::string path, Handler handler)
    : loop_(loop), path_(std::move(path)), handler_(std::move(handler)) {
  const sockaddr_un address = control_address(path_);
  listener_ = Fd{socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  unlink(path_.c_str());
  if (!listener_ || bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path_.c_str(), 0666) != 0 || listen(listener_.get(), 64) != 0)
    throw std::runtime_error("control socket " + path_ + ": " + strerror(errno));
  io_ = std::make_unique<Io>(loop_, listener_.get(), EPOLLIN, [this](uint32_t) { accept(); });
}

Control::~Control() {
  io_.reset();
  unlink(path_.c_str());
}

void Control::accept() {
  Fd fd{accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!fd) return;
  if (clients_.size() >= max_clients) drop(clients_.front().get());  // the oldest makes room
  auto client = std::make_unique<Client>();
  Client* raw = client.get();
  raw->fd = std::move(fd);
  raw->io = std::make_unique<Io>(loop_, raw->fd.get(), EPOLLIN, [this, raw](uint32_t) { serve(*raw); });
  raw->timer = std::make_unique<Timer>(loop_, [this, raw] { drop(raw); });
  raw->timer->start(deadline);
  clients_.push_back(std::move(client));
}

void Control::serve(Client& client) {
  if (!client.answered) {
    char buffer[1024];
    const ssize_t got = recv(client.fd.get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0 || client.input.size() + static_cast<size_t>(got) > max_request) return drop(&client);
    client.input.append(buffer, static_cast<size_t>(got));
    const size_t end = client.input.find('\n');
    if (end == std::string::npos) return;
    ucred caller{};
    socklen_t size = sizeof caller;
    caller.uid = static_cast<uid_t>(-1);
    getsockopt(client.fd.get(), SOL_SOCKET, SO_PEERCRED, &caller, &size);
    ControlRequest request{split(client.input.substr(0, end)), caller.uid == 0 || caller.uid == geteuid(),
                           "uid " + std::to_string(caller.uid)};
    const ControlReply reply = handler_(request);
    client.output = std::to_string(reply.status) + "\n" + reply.text;
    client.answered = true;
    client.io->wait_for(EPOLLOUT);
  }
  const ssize_t sent = send(client.fd.get(), client.output.data(), client.output.size(), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent > 0) client.output.erase(0, static_cast<size_t>(sent));
  if (sent < 0 || client.output.empty()) drop(&client);
}

void Control::drop(Client* client) {
  std::erase_if(clients_, [client](const auto& c) {
    if (c.get() != client) return false;
    c->io.reset();  // before its descriptor closes
    return true;
  });
}

}  // namespace picket
