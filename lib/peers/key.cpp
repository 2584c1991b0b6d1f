#include "peers/key.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "loop/fd.hpp"
#include "loop/write_file.hpp"

namespace picket {
namespace {

constexpr const char* daemon_group = "postgres";  // of units/picket.service
constexpr size_t largest_file = 1024;

std::optional<gid_t> group_id() {
  const group* found = getgrnam(daemon_group);
  return found != nullptr ? std::optional<gid_t>(found->gr_gid) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const char* const white = " \t\r\n";
  const size_t first = text.find_first_not_of(white);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

// What is wrong with who may touch the file; empty if nothing.
std::string too_open(const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return "is not a regular file";
  if (file.st_uid != 0 && file.st_uid != geteuid())
    return "belongs to uid " + std::to_string(file.st_uid) + ", neither root nor the agent's user";
  if ((file.st_mode & S_IRWXO) != 0)
    return "is open to every user; chmod 0640 it, and make a new key if others live here";
  if ((file.st_mode & S_IWGRP) != 0) return "may be written by its group; chmod 0640 it";
  const bool our_group = file.st_gid == 0 || file.st_gid == getegid() || file.st_gid == group_id();
  if ((file.st_mode & S_IRGRP) != 0 && !our_group)
    return "may be read by group " + std::to_string(file.st_gid) + ", which is not the agent's; chgrp " + daemon_group;
  return {};
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

ClusterKey::~ClusterKey() { sodium_memzero(bytes.data(), bytes.size()); }

ClusterKey random_key() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium finds no source of random numbers");
  ClusterKey key;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  return key;
}

std::string key_text(const ClusterKey& key) {
  std::string text(2 * key.bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), key.bytes.data(), key.bytes.size());
  text.pop_back();
  return text;
}

ClusterKey parse_key(std::string_view text) {
  text = trimmed(text);
  ClusterKey key;
  size_t size = 0;
  const char* end = nullptr;
  const auto whole = [&](int result) {
    return result == 0 && size == key.bytes.size() && end == text.data() + text.size();
  };
  if (text.size() == 2 * key.bytes.size()) {
    if (whole(sodium_hex2bin(key.bytes.data(), key.bytes.size(), text.data(), text.size(), nullptr, &size, &end)))
      return key;
  } else {
    for (const int variant : {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING})
      if (whole(sodium_base642bin(key.bytes.data(), key.bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                                  variant)))
        return key;
  }
  throw std::invalid_argument(
      "must be one line with 32 bytes, as 64 hexadecimal digits or as base64; picket keygen makes one");
}

ClusterKey read_key_file(const std::string& path) {
  const auto refused = [&](const std::string& why) { return std::runtime_error(path + ": " + why); };
  // Not to wait for the other end, should somebody have put a pipe there.
  const Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat file {};
  if (!fd || fstat(fd.get(), &file) != 0) throw refused(strerror(errno));
  if (const std::string why = too_open(file); !why.empty()) throw refused(why);
  char text[largest_file];
  const ssize_t size = read(fd.get(), text, sizeof text);
  if (size < 0) throw refused(strerror(errno));
  try {
    const ClusterKey key = parse_key({text, static_cast<size_t>(size)});
    sodium_memzero(text, sizeof text);
    return key;
  } catch (const std::invalid_argument& error) {
    throw refused(error.what());
  }
}

std::string create_key_file(const std::string& path, const ClusterKey& key) {
  const Fd fd{open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return path + ": " + (errno == EEXIST ? "is there already; a key is never replaced" : strerror(errno));
  const auto group = group_id();
  // Without the right to give it to the group it stays its owner's alone, which is safe.
  if (group && fchown(fd.get(), static_cast<uid_t>(-1), *group) == 0) fchmod(fd.get(), 0640);
  std::string error;
  if (!write_all(fd.get(), key_text(key) + "\n") || fsync(fd.get()) != 0) error = path + ": " + strerror(errno);
  if (error.empty()) error = sync_folder_of(path);
  if (!error.empty()) unlink(path.c_str());
  return error;
}

}  // namespace picket
