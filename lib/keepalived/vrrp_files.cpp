#include "keepalived/vrrp_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "loop/fd.hpp"

namespace picket {
namespace {

std::string reason(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// The first bytes of a regular file; nullopt for anything that is not one.
std::optional<std::string> content(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) < 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::array<char, 64> bytes;
  const ssize_t count = read(fd.get(), bytes.data(), bytes.size());
  if (count < 0) return std::nullopt;
  return std::string(bytes.data(), static_cast<size_t>(count));
}

/// Empty, or why the new content is not in the place of `path`. No fsync: the folder is a tmpfs.
std::string replace(const std::string& path, const std::string& text) {
  const std::string temporary = path + "." + std::to_string(getpid());
  unlink(temporary.c_str());  // of an agent that died half-way with the same process id
  Fd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return reason(temporary, "cannot be made");
  fchmod(fd.get(), 0644);  // whatever the umask: an operator without rights may look
  const ssize_t count = write(fd.get(), text.data(), text.size());
  if (count != static_cast<ssize_t>(text.size())) {
    if (count >= 0) errno = ENOSPC;
    const std::string why = reason(temporary, "cannot be written");
    unlink(temporary.c_str());
    return why;
  }
  fd.reset();
  if (rename(temporary.c_str(), path.c_str()) == 0) return {};
  const std::string why = reason(path, "cannot be replaced");
  unlink(temporary.c_str());
  return why;
}

bool is_link(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

/// Makes the file say `text`; empty, or why it does not.
std::string make_say(const std::string& path, const std::string& text) {
  if (is_link(path))
    return path + ": is a symbolic link: Keepalived watches its target and would never see this file change";
  return content(path) == text ? std::string() : replace(path, text);
}

/// Closes the gate even where nothing new can be written (a full tmpfs): a missing or an empty gate is closed too.
std::string close_by_force(const std::string& gate, const std::string& why) {
  const bool another_file = is_link(gate);  // Keepalived reads its target, which is not ours to touch
  if (!another_file && unlink(gate.c_str()) == 0) return why + "; removed it instead, which closes it too";
  if (!another_file && errno == ENOENT) return why + " (a missing gate is closed)";
  if (!another_file && truncate(gate.c_str(), 0) == 0) return why + "; emptied it instead, which closes it too";
  return why + "; THE GATE MAY STILL BE OPEN";
}

}  // namespace

VrrpContents vrrp_contents(Vrrp vrrp, Advert advert) {
  switch (vrrp) {
    case Vrrp::raise: return {true, 100};
    case Vrrp::lower: return {false, advert == Advert::replica ? 50 : 0};
    case Vrrp::fault:
    case Vrrp::hold: break;
  }
  return {false, -100};
}

VrrpFiles::VrrpFiles(std::string gate, std::string rank) : gate_(std::move(gate)), rank_(std::move(rank)) {}

void VrrpFiles::publish(Vrrp vrrp, Advert advert) {
  if (vrrp != Vrrp::hold) write(vrrp_contents(vrrp, advert));
}

void VrrpFiles::close_gate() { write({false, -100}); }

/// Closing goes gate first, opening rank first: in between nobody sees an open gate with an old rank.
void VrrpFiles::write(const VrrpContents& contents) {
  const std::string rank = std::to_string(contents.rank) + "\n";
  std::string gate_problem, rank_problem;
  if (contents.open) rank_problem = make_say(rank_, rank);
  gate_problem = make_say(gate_, contents.open ? "1\n" : "0\n");
  if (!contents.open && !gate_problem.empty()) gate_problem = close_by_force(gate_, gate_problem);
  if (!contents.open) rank_problem = make_say(rank_, rank);
  problem_ = gate_problem.empty() ? rank_problem : gate_problem;
  watch_folder();
}

/// Keepalived's inotify watch is on the folder itself: one that was made anew is not watched until Keepalived reloads.
/// The old one is kept open, so that the new one cannot have its inode number.
void VrrpFiles::watch_folder() {
  const std::string path = folder_of(gate_);
  if (!folder_) folder_.reset(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat first {
  }, now{};
  if (!folder_ || fstat(folder_.get(), &first) < 0) return;
  if (stat(path.c_str(), &now) < 0 || first.st_dev != now.st_dev || first.st_ino != now.st_ino) folder_replaced_ = true;
  if (folder_replaced_ && problem_.empty())
    problem_ = path + ": was replaced while the agent ran; Keepalived sees the gate again only after a reload";
}

}  // namespace picket
