#pragma once
// The cluster key: 32 random bytes that every agent of one cluster has and nobody else (`picket keygen`).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace picket {

/// Wiped when it goes.
struct ClusterKey {
  std::array<uint8_t, 32> bytes{};
  ClusterKey() = default;
  ClusterKey(const ClusterKey&) = default;
  ClusterKey& operator=(const ClusterKey&) = default;
  ~ClusterKey();
};

/// Fresh from the kernel's random source.
ClusterKey random_key();

/// 64 hexadecimal digits, without a newline.
std::string key_text(const ClusterKey& key);

/// From one line: 64 hexadecimal digits, or base64 (with or without padding). White space around it does not matter.
/// Throws std::invalid_argument, with words that do not repeat the text.
ClusterKey parse_key(std::string_view text);

/// Reads the file. Throws std::runtime_error "PATH: reason" when it cannot be read, holds no key, belongs to neither
/// root nor this user, or is open to others: it may be read by its group when that is root's, this process's or
/// postgres, and be written by its owner only. Blocks as the disk does: for start-up.
ClusterKey read_key_file(const std::string& path);

/// Creates the file with a key, 0640 for root and the group postgres where this process may give that, else 0600, and
/// makes it last (fsync). Never replaces a file. Returns "", or "PATH: reason"; then no file was left behind.
std::string create_key_file(const std::string& path, const ClusterKey& key);

}  // namespace picket
