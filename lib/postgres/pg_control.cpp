#include "postgres/pg_control.hpp"

#include <array>
#include <cstring>

namespace picket {
namespace {

// struct ControlFileData of control version 1300.
constexpr uint32_t known_version = 1300;
namespace at {
constexpr size_t system_identifier = 0, version = 8, state = 16, checkpoint = 32, checkpoint_timeline = 48,
                 min_recovery_timeline = 144, wal_log_hints = 176, wal_segment_size = 228, checksum_version = 252,
                 crc = 288;
}

// enum DBState, in the words of pg_controldata.
constexpr std::array states{"starting up",       "shut down",           "shut down in recovery", "shutting down",
                            "in crash recovery", "in archive recovery", "in production"};

template <class Number>
Number read(std::span<const unsigned char> bytes, size_t offset) {
  Number value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ 0x82f63b78u : value >> 1;
    table[i] = value;
  }
  return table;
}

}  // namespace

uint32_t crc32c(std::span<const unsigned char> bytes) {
  static constexpr auto table = crc_table();
  uint32_t value = 0xffffffffu;
  for (const unsigned char byte : bytes) value = value >> 8 ^ table[(value ^ byte) & 0xff];
  return ~value;
}

std::optional<ControlFile> parse_pg_control(std::span<const unsigned char> bytes, std::string& error) {
  error.clear();
  if (bytes.size() < at::crc + 4) {
    error = "pg_control: only " + std::to_string(bytes.size()) + " bytes";
    return {};
  }
  if (const auto version = read<uint32_t>(bytes, at::version); version != known_version) {
    error = "pg_control: version " + std::to_string(version) + ", and only 1300 (PostgreSQL 13 to 17) is known";
    return {};
  }
  if (read<uint32_t>(bytes, at::crc) != crc32c(bytes.first(at::crc))) {
    error = "pg_control: the checksum does not match";
    return {};
  }
  const auto state = read<uint32_t>(bytes, at::state);
  ControlFile file;
  file.system_identifier = read<uint64_t>(bytes, at::system_identifier);
  file.state = state < states.size() ? states[state] : "unrecognized status code";
  file.checkpoint_lsn = read<uint64_t>(bytes, at::checkpoint);
  file.checkpoint_timeline = read<uint32_t>(bytes, at::checkpoint_timeline);
  file.min_recovery_timeline = read<uint32_t>(bytes, at::min_recovery_timeline);
  file.wal_log_hints = read<uint8_t>(bytes, at::wal_log_hints) != 0;
  file.checksums = read<uint32_t>(bytes, at::checksum_version) != 0;
  file.wal_segment_size = read<uint32_t>(bytes, at::wal_segment_size);
  return file;
}

}  // namespace picket
